import type { AccountMail } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import { isMailCode } from '@orderflow/service-kit/mail-codes';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { mailCodeSecret, notificationWithPostbox } from '../test/notification-with-postbox.ts';
import { unfriendlyServer } from '../test/unfriendly-server.ts';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

const asked = (template: AccountMail, more: object = {}) =>
  anEvent('account.mail-requested', { template, email: 'ada@example.org', ...more });

test('a mail with a code arrives once, and only the mail holds the code', async () => {
  const { db, deliver, postbox, startReplica, outbox } = await notificationWithPostbox();
  const { scope } = startReplica();
  const ticket = newId();
  const event = asked('verify-email', { ticket, expiresAt: inAnHour() });
  await deliver(event);
  await deliver(event, asked('already-registered'));
  await eventually(async () => expect(await postbox.messages()).toHaveLength(2));
  const sent = "SELECT status FROM account_mails WHERE status = 'SENT'";
  await eventually(async () => expect(await db.query(sent)).toHaveLength(2));

  const mails = await postbox.messages();
  const mail = mails.find(({ subject }) => subject.includes('code'))!;
  expect(mail).toMatchObject({
    recipient: 'ada@example.org',
    channel: 'email',
    orderId: null,
    deliveries: 1,
  });
  const code = /[0-9A-Z]{4}(-[0-9A-Z]{4}){2}/.exec(mail.text)![0];
  expect(isMailCode(mailCodeSecret, code, { purpose: 'verify-email', ticket })).toBe(true);
  const stored = JSON.stringify(await db.query('SELECT to_json(account_mails.*) FROM account_mails'));
  expect(stored).not.toContain(code);
  expect(JSON.stringify(scope.lines)).not.toContain(code);
  expect(await outbox()).toEqual([]);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /notification_messages_total\{channel="email",template="verify-email",outcome="sent",service="test"\} 1/,
  );
});

test.each<AccountMail>(['verify-email', 'already-registered', 'reset-password', 'password-changed'])(
  'a mail %s speaks of an account, and of nobody by name',
  async (template) => {
    const { deliver, postbox, startReplica } = await notificationWithPostbox();
    startReplica();
    await deliver(asked(template, { ticket: newId(), expiresAt: inAnHour() }));
    await eventually(async () => expect(await postbox.messages()).toHaveLength(1));
    expect((await postbox.messages())[0]!.text).toMatch(/^Hello,\n\n.*(account|code).*OrderFlow$/s);
  },
);

test('a mail that its server refuses again and again is given up on', async () => {
  const { db, deliver, startReplica } = await notificationWithPostbox({ smtpUrl: await unfriendlyServer() });
  const { scope } = startReplica();
  await deliver(asked('already-registered'));
  const [mail] = await db.query<{ id: string }>('SELECT id FROM account_mails');
  await eventually(
    async () => {
      await db.query('UPDATE account_mails SET next_attempt_at = now() WHERE last_error IS NOT NULL');
      expect(await db.query('SELECT status, rejections FROM account_mails')).toEqual([
        { status: 'FAILED', rejections: 5 },
      ]);
    },
    { timeoutMs: 20_000 },
  );
  expect(scope.lines).toContainEqual(expect.objectContaining({ messageId: mail!.id, level: 50 }));
});

test('while the mail server is away a code is kept until it expires', async () => {
  const { db, deliver, startReplica } = await notificationWithPostbox({ smtpUrl: 'smtp://127.0.0.1:1' });
  startReplica();
  await deliver(asked('verify-email', { ticket: newId(), expiresAt: inAnHour() }));
  const status = async () =>
    (await db.query<{ status: string }>('SELECT status FROM account_mails'))[0]!.status;
  await eventually(async () =>
    expect(await db.query('SELECT id FROM account_mails WHERE last_error IS NOT NULL')).toHaveLength(1),
  );
  expect(await status()).toBe('PENDING');
  await db.query('UPDATE account_mails SET expires_at = now(), next_attempt_at = now()');
  await eventually(async () => expect(await status()).toBe('FAILED'));
});

test('mails of more than a month ago are forgotten when the next one comes', async () => {
  const { db, deliver } = await notificationWithPostbox();
  await deliver(asked('already-registered'));
  await db.query("UPDATE account_mails SET created_at = now() - interval '31 days'");
  await deliver(asked('password-changed'));
  expect(await db.query('SELECT template FROM account_mails')).toEqual([{ template: 'password-changed' }]);
});
