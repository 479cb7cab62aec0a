import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
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

test('whatever subject and text say, mail programs read them as they were written', async () => {
  const words = fc.string({ unit: 'binary', maxLength: 200 });
  const lines = fc.array(words.map((line) => line.replaceAll(/[\r\n\0]/g, '')));
  await fc.assert(
    fc.asyncProperty(words, lines, async (anything, lines) => {
      const subject = `Order ${anything}`.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
      const text = lines.join('\n');
      const raw = compose(subject, text);
      expect(raw.toString('latin1')).not.toMatch(/[^\t\r\n -~]|[^\r]\n|\r[^\n]|[^\r\n]{77}/);
      expect(await PostalMime.parse(raw)).toMatchObject({ subject, text: `${text}\n` });
    }),
  );
});

test('a line break in a subject begins no other header', () => {
  const mail = compose('hello\r\nBcc: everybody@example.org', 'text').toString();
  expect(mail).toContain('Subject: hello Bcc: everybody@example.org\r\n');
});
