import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished } from 'vitest';
import { startPostbox } from '../../postbox/test/start-postbox.ts';
import { createMailer } from '../src/mail.ts';
import { createNotificationMetrics } from '../src/metrics.ts';
import { startSending } from '../src/sending.ts';
import { startAccountMails } from '../src/sending-account-mails.ts';
import { createHttpSms } from '../src/sms.ts';
import { notificationDatabase } from './notification-database.ts';

export const mailCodeSecret = 'a-secret-of-mail-codes-for-this-test';

/** The service's database, the mail server and SMS gateway that it talks to, and replicas to be started. */
export async function notificationWithPostbox(addresses: { smtpUrl?: string; smsUrl?: string } = {}) {
  const database = await notificationDatabase();
  const postbox = await startPostbox();
  const timeoutMs = 2_000;
  const openMailer = () => {
    const url = addresses.smtpUrl ?? postbox.smtpUrl;
    const mailer = createMailer({ url, from: 'shop@example.org', connections: 4, timeoutMs });
    onTestFinished(mailer.close);
    return mailer;
  };
  const sendSms = createHttpSms({ url: addresses.smsUrl ?? postbox.url, timeoutMs });
  const startReplica = () => {
    const scope = testScope();
    const metrics = createNotificationMetrics(scope.metrics);
    const send = { email: openMailer().send, sms: sendSms };
    const sending = startSending({ db: database.db, scope, metrics, send, concurrency: 4, timeoutMs });
    onTestFinished(() => sending.stop().then(() => {}));
    const accountMails = startAccountMails({
      ...{ db: database.db, scope, metrics, timeoutMs },
      send: send.email,
      mailCodeSecret,
    });
    onTestFinished(accountMails.stop);
    return { scope, metrics };
  };
  const statuses = async () => (await database.messages()).map(({ status }) => status);
  const allSent = async () => expect(new Set(await statuses())).toEqual(new Set(['SENT']));
  return { ...database, postbox, openMailer, startReplica, statuses, allSent };
}
