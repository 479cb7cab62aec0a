import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { notificationDatabase } from '../../test/notification-database.ts';
import { eventsOfOrder } from '../../test/saga-events.ts';
import { unfriendlyServer } from '../../test/unfriendly-server.ts';
import { createMailer } from '../mail.ts';
import { createNotificationMetrics } from '../metrics.ts';
import { claimMessages } from './claim-messages.ts';
import { postponeMessage } from './postpone-message.ts';
import { recordAnswers } from './record-answers.ts';

test('the fifth rejection for good is believed: the message has failed, and nobody is told it was sent', async () => {
  const { db, deliver, messages, outbox } = await notificationDatabase();
  const scope = testScope();
  const metrics = createNotificationMetrics(scope.metrics);
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  const mailer = createMailer({
    url: await unfriendlyServer(),
    from: 'a@b.cd',
    connections: 1,
    timeoutMs: 2_000,
  });
  onTestFinished(mailer.close);
  for (let rejections = 1; rejections <= 5; rejections++) {
    await db.query('UPDATE messages SET next_attempt_at = now()');
    const [job] = await claimMessages(db, { channel: 'email', limit: 10, leaseMs: 60_000 });
    await recordAnswers({ db, metrics, log: scope.log }, [{ job: job!, answer: await mailer.send(job!) }]);
    expect(await messages()).toMatchObject([{ rejections, status: rejections < 5 ? 'PENDING' : 'FAILED' }]);
  }
  expect(await outbox()).toEqual([]);
  expect(await claimMessages(db, { channel: 'email', limit: 10, leaseMs: 1 })).toEqual([]);
  const [row] = await messages();
  expect(scope.lines).toContainEqual(expect.objectContaining({ level: 50, messageId: row!.id }));
  expect(await scope.metrics.registry.metrics()).toMatch(/outcome="failed",service="test"\} 1/);
});

test('a message that was put off by an hour, since the clock was ahead, is sent at the next claim', async () => {
  const { db, deliver } = await notificationDatabase();
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  await db.query("UPDATE messages SET next_attempt_at = now() + interval '1 h'");
  const claim = () => claimMessages(db, { channel: 'email', limit: 1, leaseMs: 60_000 });
  expect(await claim()).toEqual([]);
  expect(await claim()).toHaveLength(1);
  expect(await claim()).toEqual([]); // under a lease
});

test('a message that could not be sent for five days is given up', async () => {
  const { db, deliver, messages } = await notificationDatabase();
  const scope = testScope();
  const deps = { db, metrics: createNotificationMetrics(scope.metrics), log: scope.log };
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  const [job] = await claimMessages(db, { channel: 'email', limit: 1, leaseMs: 1 });
  await postponeMessage(deps, job!, new Error('busy'));
  expect(await messages()).toMatchObject([{ status: 'PENDING', lastError: 'busy' }]);
  await db.query("UPDATE messages SET created_at = now() - interval '6 days'");
  await postponeMessage(deps, job!, new Error('busy still'));
  expect(await messages()).toMatchObject([{ status: 'FAILED', lastError: 'busy still' }]);
});

test('an answer that comes after another replica recorded the message changes and tells nothing', async () => {
  const { db, deliver, messages, outbox } = await notificationDatabase();
  const scope = testScope();
  const deps = { db, metrics: createNotificationMetrics(scope.metrics), log: scope.log };
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  const [job] = await claimMessages(db, { channel: 'email', limit: 1, leaseMs: 1 });
  const accepted = { job: job!, answer: { accepted: true } as const };
  await Promise.all([recordAnswers(deps, [accepted]), recordAnswers(deps, [accepted])]);
  await recordAnswers(deps, [{ job: job!, answer: { accepted: false, reason: 'late' } }]);
  await postponeMessage(deps, job!, new Error('late'));
  expect(await messages()).toMatchObject([{ status: 'SENT', lastError: null, rejections: 0 }]);
  expect(await outbox()).toHaveLength(1);
});
