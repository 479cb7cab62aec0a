import { newId } from '@orderflow/contracts/ids';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { startPostbox } from '../../postbox/test/start-postbox.ts';
import { listenOnFreePort } from '../test/listen-on-free-port.ts';
import { createMailer } from './mail.ts';

const mail = {
  id: newId(),
  orderId: newId(),
  recipient: 'ada@example.org',
  subject: 'Order 1',
  body: 'Dear Ada',
};

function mailerTo(url: string, timeoutMs = 5_000) {
  const mailer = createMailer({ url, from: 'Shop <shop@example.org>', connections: 1, timeoutMs });
  onTestFinished(mailer.close);
  return mailer;
}

test('a mail server that does not answer in time leaves the outcome open, and the next mail goes through', async () => {
  const { smtpUrl, faults, messages } = await startPostbox();
  const { send } = mailerTo(smtpUrl, 300);
  faults.set({ rejectRate: 0, lostAnswerRate: 0, latencyMs: 5_000 });
  const startedAt = Date.now();
  await expect(send(mail)).rejects.toThrow(/aborted|timeout/i);
  expect(Date.now() - startedAt).toBeLessThan(4_000);
  faults.clear();
  const next = { ...mail, id: newId() };
  expect(await send(next)).toEqual({ accepted: true });
  expect((await messages()).map(({ messageId }) => messageId)).toContain(`<${next.id}@orderflow>`);
});

test('a mail server that nobody listens at is no rejection of the mail', async () => {
  const { send } = mailerTo('smtp://127.0.0.1:1');
  await expect(send(mail)).rejects.toThrow('ECONNREFUSED');
});

test('a login that the mail server refuses is no rejection of the mail', async () => {
  const server = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: (_auth, _session, callback) => callback(new Error('who are you?')),
  });
  const port = await listenOnFreePort(server);
  const { send } = mailerTo(`smtp://user:wrong@127.0.0.1:${port}`);
  await expect(send(mail)).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
});
