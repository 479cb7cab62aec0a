import { encodeWords, foldLines } from 'nodemailer/lib/mime-funcs';
import { encode, wrap } from 'nodemailer/lib/qp';
import { oneLine } from './one-line.ts';

type Part = {
  /** In its order; control characters become spaces. */
  headers: Record<string, string>;
  text: string;
};

/** What an encoded word leaves of a line of 76 (RFC 2047, 2). */
const MAX_WORD = 52;

/**
 * A mail of one text part, as it goes over the wire (RFC 5322, RFC 2045 to 2047). nodemailer's own composer does any
 * tree of parts by streams; for this one it took four times as long as handing the mail over.
 */
export function composeMail({ headers, text }: Part): Buffer {
  const head = Object.entries({
    ...headers,
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Transfer-Encoding': 'quoted-printable',
  }).map(([name, value]) => foldLines(`${name}: ${encodeWords(oneLine(value), 'Q', MAX_WORD)}`));
  const body = wrap(encode(text.replaceAll(/\r?\n/g, '\r\n')));
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}\r\n`);
}
