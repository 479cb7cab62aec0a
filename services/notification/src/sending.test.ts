import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { notificationWithPostbox } from '../test/notification-with-postbox.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { unfriendlyServer } from '../test/unfriendly-server.ts';
import { claimMessages } from './operations/claim-messages.ts';

const phone = '+4930123456';

test('an e-mail and an SMS arrive, are recorded as sent and told of, once each', async () => {
  const { deliver, messages, postbox, startReplica, outbox, allSent } = await notificationWithPostbox();
  const { scope } = startReplica();
  const order = eventsOfOrder();
  const shipped = { ...order.shipped('T1'), traceparent: 'trace' };
  await deliver(order.placed({ phone, name: 'Zoë Ångström' }), shipped);
  await eventually(allSent);

  const [email, sms] = await messages();
  expect(email).toMatchObject({ attempts: 1, lastError: null, sentAt: expect.any(Date) });
  const received = await postbox.messages();
  const about = { orderId: order.orderId, deliveries: 1 };
  expect(received.sort((a, b) => a.channel.localeCompare(b.channel))).toMatchObject([
    {
      ...about,
      channel: 'email',
      recipient: 'ada@example.org',
      sender: 'shop@example.org',
      messageId: `<${email!.id}@orderflow>`,
      subject: email!.subject,
      text: email!.body,
    },
    { ...about, channel: 'sms', recipient: phone, messageId: sms!.id, text: sms!.body },
  ]);
  expect(received[0]!.text).toContain('Dear Zoë Ångström');

  const told = (await outbox()).map(({ envelope }) => envelope);
  expect(told.map(({ data }) => data)).toEqual(
    expect.arrayContaining([
      { orderId: order.orderId, messageId: email!.id, channel: 'email', template: 'order-shipped' },
      { orderId: order.orderId, messageId: sms!.id, channel: 'sms', template: 'order-shipped-sms' },
    ]),
  );
  expect(told).toHaveLength(2);
  expect(told.find(({ subject }) => subject === email!.id)).toMatchObject({
    type: 'notification.sent',
    sequence: 1,
    orderid: order.orderId,
    correlationid: shipped.correlationid,
    causationid: shipped.id,
    traceparent: 'trace',
    actor: 'system:notification',
    attempt: 1,
  });
  expect(await scope.metrics.registry.metrics()).toMatch(
    /notification_messages_total\{channel="email",template="order-shipped",outcome="sent",service="test"\} 1/,
  );
});

test('a message whose sender died before it was written down is sent again and recognised as the same', async () => {
  const { db, deliver, postbox, startReplica, openMailer, allSent, outbox } = await notificationWithPostbox();
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  const [job] = await claimMessages(db, { channel: 'email', limit: 10, leaseMs: 1 });
  await openMailer().send(job!); // and never comes to record it
  startReplica();
  await eventually(allSent);
  expect(await postbox.messages()).toMatchObject([{ messageId: `<${job!.id}@orderflow>`, deliveries: 2 }]);
  expect(await outbox()).toMatchObject([{ envelope: { attempt: 2 } }]);
});

test('a message that was sent but could not be recorded is sent again under the same id', async () => {
  const { db, deliver, postbox, startReplica, allSent, statuses, outbox } = await notificationWithPostbox();
  await db.query('ALTER TABLE messaging.outbox RENAME TO broken');
  const order = eventsOfOrder();
  await deliver(order.placed({ phone }), order.shipped());
  startReplica();
  await eventually(async () =>
    expect((await postbox.messages()).map(({ deliveries }) => deliveries > 1)).toEqual([true, true]),
  );
  expect(await statuses()).toEqual(['PENDING', 'PENDING']);
  await db.query('ALTER TABLE messaging.broken RENAME TO outbox');
  await eventually(allSent);
  expect(await postbox.messages()).toHaveLength(2);
  expect(await outbox()).toHaveLength(2);
});

test('lost answers make repeated deliveries, never a second message', async () => {
  const { deliver, postbox, startReplica, allSent, outbox, messages } = await notificationWithPostbox();
  postbox.faults.set({ rejectRate: 0, lostAnswerRate: 1, latencyMs: 0 });
  const orders = Array.from({ length: 5 }, () => eventsOfOrder());
  await deliver(...orders.flatMap((order) => [order.placed({ phone }), order.shipped()]));
  const { scope } = startReplica();
  await eventually(async () => expect(await postbox.messages()).toHaveLength(10));
  postbox.faults.clear();
  await eventually(allSent);
  const received = await postbox.messages();
  expect(received).toHaveLength(10);
  expect(received.every(({ deliveries }) => deliveries >= 2)).toBe(true);
  expect(await outbox()).toHaveLength(10);
  expect((await messages()).every(({ attempts }) => attempts >= 2)).toBe(true);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /notification_messages_total\{channel="email",template="order-shipped",outcome="postponed"/,
  );
});

test('a mail server that refuses for now is asked until it takes the message', async () => {
  const { deliver, postbox, startReplica, allSent, messages, outbox } = await notificationWithPostbox();
  postbox.faults.set({ rejectRate: 1, lostAnswerRate: 0, latencyMs: 0 });
  const order = eventsOfOrder();
  await deliver(order.placed({ phone }), order.shipped());
  startReplica();
  await eventually(async () => {
    for (const { attempts, status, lastError } of await messages()) {
      expect(attempts).toBeGreaterThan(1);
      expect(status).toBe('PENDING');
      expect(lastError).toMatch(/4[25]1|503/);
    }
  });
  expect(await outbox()).toEqual([]);
  postbox.faults.clear();
  await eventually(allSent);
  expect((await postbox.messages()).map(({ deliveries }) => deliveries)).toEqual([1, 1]);
});

test('an SMS gateway that does not answer holds up no e-mail', async () => {
  const nobody = { smsUrl: 'http://127.0.0.1:1' };
  const { deliver, messages, startReplica } = await notificationWithPostbox(nobody);
  startReplica();
  const order = eventsOfOrder();
  await deliver(order.placed({ phone }), order.shipped());
  await eventually(async () => {
    const byChannel = Object.fromEntries((await messages()).map((row) => [row.channel, row]));
    expect(byChannel.email).toMatchObject({ status: 'SENT' });
    expect(byChannel.sms).toMatchObject({ status: 'PENDING', lastError: expect.any(String) });
    expect(byChannel.sms!.attempts).toBeGreaterThan(1);
  });
});

test('a rejection for good is tried again later, not at once', async () => {
  const smtpUrl = await unfriendlyServer();
  const { deliver, messages, startReplica } = await notificationWithPostbox({ smtpUrl });
  startReplica();
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  const [row] = await eventually(async () => {
    const rows = await messages();
    expect(rows).toMatchObject([{ rejections: 1 }]);
    return rows;
  });
  expect(row).toMatchObject({ status: 'PENDING', lastError: expect.stringContaining('no such mailbox') });
});

test('two replicas send each message once between them, whatever the mail server does', async () => {
  const { deliver, postbox, startReplica, allSent, outbox, messages } = await notificationWithPostbox();
  postbox.faults.set({ rejectRate: 0.2, lostAnswerRate: 0.1, latencyMs: 2 });
  const replicas = [startReplica(), startReplica()];
  const orders = Array.from({ length: 60 }, () => eventsOfOrder());
  const events = orders.flatMap((order) => [order.paid(), order.shipped(), order.placed({ phone })]);
  const batches = [events.slice(0, 90), events.slice(60, 150), events.slice(120)]; // with overlaps
  await Promise.all(batches.map((batch) => deliver(...batch)));
  await eventually(allSent, { timeoutMs: 25_000 });
  expect(await messages()).toHaveLength(180);
  const received = await postbox.messages();
  expect(received).toHaveLength(180);
  expect(new Set((await outbox()).map(({ envelope }) => envelope.subject)).size).toBe(180);
  expect(await outbox()).toHaveLength(180);
  for (const { scope } of replicas) {
    expect(await scope.metrics.registry.metrics()).toMatch(/outcome="sent",service="test"\} [1-9]/);
  }
});
