import MailComposer from 'nodemailer/lib/mail-composer';
import { expect, test } from 'vitest';
import { parseMail } from './mail.ts';

const compose = (mail: object) => new MailComposer({ from: 'shop@example.org', ...mail }).compile().build();

test('a plain mail shows its id, subject, text and order', async () => {
  const raw = await compose({
    to: 'ada@example.org',
    messageId: '<one@orderflow>',
    subject: 'Order 1 is on its way',
    text: 'Dear Ada,\nit left today.\n',
    headers: { 'X-Order-Id': 'order-1' },
  });
  expect(parseMail(raw)).toEqual({
    messageId: '<one@orderflow>',
    subject: 'Order 1 is on its way',
    text: 'Dear Ada,\nit left today.',
    orderId: 'order-1',
  });
});

test.each([
  ['quoted-printable', `Grüße aus Köln, €${' and a word'.repeat(20)} = the end`],
  ['base64', 'Спасибо за заказ. '.repeat(20).trim()],
])('a text in %s is shown readable, and so is its subject', async (encoding, text) => {
  const raw = await compose({ to: 'ada@example.org', subject: text.slice(0, 90).trim(), text });
  expect(raw.toString('latin1').toLowerCase()).toContain(`content-transfer-encoding: ${encoding}`);
  expect(parseMail(raw)).toMatchObject({ subject: text.slice(0, 90).trim(), text });
});

test('a mail that somebody typed by hand is taken as it is', () => {
  const { messageId, ...mail } = parseMail(Buffer.from('no headers at all\0'));
  expect(mail).toEqual({ subject: '', text: '', orderId: null });
  expect(messageId).toMatch(/^<.+@postbox>$/);
});

test('an unknown charset and a body without an encoding are read as UTF-8', () => {
  const raw = Buffer.from('Content-Type: text/plain; charset=klingon-1\r\nSubject: é\r\n\r\nGrüße\r\n');
  expect(parseMail(raw)).toMatchObject({ subject: 'é', text: 'Grüße' });
});
