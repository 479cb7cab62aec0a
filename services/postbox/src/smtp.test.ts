import { connect } from 'node:net';
import { eventually } from '@orderflow/testing/eventually';
import nodemailer from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { startPostbox } from '../test/start-postbox.ts';

async function postboxWithSender() {
  const postbox = await startPostbox();
  const transport = nodemailer.createTransport({
    url: postbox.smtpUrl,
    pool: true,
    maxRequeues: 0,
    maxConnections: 4,
  });
  onTestFinished(() => transport.close());
  const send = (id: string, changes: object = {}) =>
    transport.sendMail({
      from: 'shop@example.org',
      to: 'Ada@Example.org',
      subject: `mail ${id}`,
      text: 'hello',
      messageId: `<${id}@orderflow>`,
      headers: { 'X-Order-Id': `order-${id}` },
      ...changes,
    });
  return { ...postbox, send };
}

test('a mail is stored before it is accepted, its recipient in lower case', async () => {
  const { send, messages } = await postboxWithSender();
  await send('a');
  expect(await messages()).toMatchObject([
    {
      channel: 'email',
      messageId: '<a@orderflow>',
      recipient: 'ada@example.org',
      sender: 'shop@example.org',
      subject: 'mail a',
      text: 'hello',
      orderId: 'order-a',
      deliveries: 1,
    },
  ]);
});

test('the same Message-ID again, also at the same moment, makes no second mail but is counted', async () => {
  const { send, messages } = await postboxWithSender();
  await Promise.all([send('a'), send('b'), send('a'), send('a')]);
  await send('a');
  const deliveries = Object.fromEntries((await messages()).map((row) => [row.messageId, row.deliveries]));
  expect(deliveries).toEqual({ '<a@orderflow>': 4, '<b@orderflow>': 1 });
});

test('each recipient has a mail of their own', async () => {
  const { send, messages } = await postboxWithSender();
  await send('a', { to: ['ada@example.org', 'bob@example.org'] });
  await send('a', { to: 'bob@example.org' });
  const deliveries = (await messages()).map((row) => [row.recipient, row.deliveries]);
  expect(deliveries.sort()).toEqual([
    ['ada@example.org', 1],
    ['bob@example.org', 2],
  ]);
});

test('on a bad day mails are refused for now, and nothing is stored', async () => {
  const { send, messages, faults } = await postboxWithSender();
  faults.set({ rejectRate: 1, lostAnswerRate: 0, latencyMs: 0 });
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => send(`m${i}`)));
  expect(outcomes.map((outcome) => outcome.status)).not.toContain('fulfilled');
  const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.responseCode);
  expect(new Set(codes)).toEqual(new Set([421, 451]));
  expect(await messages()).toEqual([]);
});

test('a lost answer leaves the mail stored and its sender in the dark', async () => {
  const { send, messages, faults } = await postboxWithSender();
  faults.set({ rejectRate: 0, lostAnswerRate: 1, latencyMs: 0 });
  await expect(send('a')).rejects.toThrow(/closed/i);
  expect(await messages()).toMatchObject([{ messageId: '<a@orderflow>', deliveries: 1 }]);
  faults.clear();
  await send('a');
  expect(await messages()).toMatchObject([{ messageId: '<a@orderflow>', deliveries: 2 }]);
});

test('a mail of more than a megabyte is refused for good', async () => {
  const { send, messages } = await postboxWithSender();
  await expect(send('a', { text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({ responseCode: 552 });
  expect(await messages()).toEqual([]);
});

test('a mail that Postgres does not take is refused for now', async () => {
  const { send, messages, db } = await postboxWithSender();
  await db.query('ALTER TABLE messages RENAME TO away');
  await expect(send('a')).rejects.toMatchObject({ responseCode: 451 });
  await db.query('ALTER TABLE away RENAME TO messages');
  await send('a');
  expect(await messages()).toHaveLength(1);
});

/** A client that speaks SMTP by hand: says a line and waits for an answer that matches. */
function typeByHand(smtpUrl: string) {
  const { hostname, port } = new URL(smtpUrl);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  return {
    socket,
    async say(line: string, answer: RegExp): Promise<string> {
      heard = '';
      socket.write(line);
      await eventually(() => expect(heard).toMatch(answer));
      return heard;
    },
  };
}

test('a client that goes away in the middle of a mail leaves nothing, and the next one is served', async () => {
  const { send, messages, smtpUrl } = await postboxWithSender();
  const { socket, say } = typeByHand(smtpUrl);
  await say('', /^220/);
  await say('EHLO client\r\n', /^250 /m);
  await say('MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n', /^354/m);
  socket.write('Subject: half a ma');
  socket.destroy();
  await send('whole');
  expect((await messages()).map((row) => row.subject)).toEqual(['mail whole']);
});

test('logging in and TLS are not on offer', async () => {
  const { smtpUrl } = await postboxWithSender();
  const { say } = typeByHand(smtpUrl);
  await say('', /^220/);
  const offer = await say('EHLO client\r\n', /^250 /m);
  expect(offer).toContain('SIZE 1048576');
  expect(offer).not.toMatch(/AUTH|STARTTLS/);
});
