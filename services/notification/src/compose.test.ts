import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMail } from '../../postbox/src/mail.ts';
import { composeMail } from './compose.ts';

const compose = (subject: string, text: string) =>
  composeMail({
    headers: { From: 'shop@example.org', 'Message-ID': '<one@orderflow>', Subject: subject },
    text,
  });

test('a mail is short lines of plain ASCII that end in CRLF, its head before an empty one', () => {
  const mail = compose('Grüße', 'Dear Ada,\n\n2 × Widget = 3 €').toString('latin1');
  expect(mail.split('\r\n')).toEqual([
    'From: shop@example.org',
    'Message-ID: <one@orderflow>',
    'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Dear Ada,',
    '',
    '2 =C3=97 Widget =3D 3 =E2=82=AC',
    '',
  ]);
});

test('whatever subject and text say, they are read as they were written', () => {
  const words = fc.string({ unit: 'binary', maxLength: 200 });
  const lines = fc.array(words.map((line) => line.replaceAll(/[\r\n\0]/g, '')));
  fc.assert(
    fc.property(words, lines, (anything, lines) => {
      const subject = anything.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
      const text = lines.join('\n').trimEnd();
      const raw = compose(subject, text);
      expect(raw.toString('latin1')).not.toMatch(/[^\t\r\n -~]|[^\r]\n|\r[^\n]|[^\r\n]{77}/);
      expect(parseMail(raw)).toMatchObject({ subject, text });
    }),
  );
});

test('a line break in a subject begins no other header', () => {
  const mail = compose('hello\r\nBcc: everybody@example.org', 'text').toString();
  expect(mail).toContain('Subject: hello Bcc: everybody@example.org\r\n');
});
