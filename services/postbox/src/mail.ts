import { newId } from '@orderflow/contracts/ids';

export type Mail = { messageId: string; subject: string; text: string; orderId: string | null };

/** No header line is longer (RFC 5322, 2.1.1), and no index of Postgres would take a much longer one. */
const MAX_LINE = 998;

/**
 * Reads a mail of one text part, which is all that a shop's messages need; of any other it shows the raw body.
 * A mail without a Message-ID gets one, as mail servers do.
 */
export function parseMail(raw: Buffer): Mail {
  const [head = '', ...rest] = raw.toString('latin1').split('\r\n\r\n');
  const headers = parseHeaders(head);
  const body = decodeBody(rest.join('\r\n\r\n'), headers.get('content-transfer-encoding') ?? '7bit');
  const charset = /charset="?([^";\s]+)/i.exec(headers.get('content-type') ?? '')?.[1];
  const id = headers.get('message-id')?.slice(0, MAX_LINE);
  return {
    messageId: withoutNul(id || `<${newId()}@postbox>`),
    subject: withoutNul(decodeWords(headers.get('subject') ?? '')),
    text: withoutNul(toText(body, charset)).replaceAll('\r\n', '\n').trimEnd(),
    orderId: withoutNul(headers.get('x-order-id') ?? '').slice(0, MAX_LINE) || null,
  };
}

/** Names in lower case; of a repeated header the first. */
function parseHeaders(head: string): Map<string, string> {
  const headers = new Map<string, string>();
  const unfolded = head.replaceAll(/\r\n[ \t]+/g, ' ');
  for (const line of unfolded.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function decodeBody(body: string, encoding: string): Buffer {
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64');
    case 'quoted-printable':
      return decodeQuotedPrintable(body.replaceAll(/=[ \t]*\r\n/g, ''));
    default:
      return Buffer.from(body, 'latin1');
  }
}

const decodeQuotedPrintable = (text: string): Buffer =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

/** `=?utf-8?Q?Gr=C3=BC=C3=9Fe?=` → `Grüße` (RFC 2047). */
const decodeWords = (value: string): string =>
  toText(Buffer.from(value, 'latin1'))
    .replaceAll(/(=\?[^?\s]+\?[BQ]\?[^?\s]*\?=)\s+(?==\?)/gi, '$1')
    .replaceAll(/=\?([^?*\s]+)(?:\*[^?]*)?\?([BQ])\?([^?\s]*)\?=/gi, (_, charset, encoding, word) =>
      toText(
        encoding.toUpperCase() === 'B'
          ? Buffer.from(word, 'base64')
          : decodeQuotedPrintable(word.replaceAll('_', ' ')),
        charset,
      ),
    );

function toText(bytes: Buffer, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes); // a charset that nobody knows
  }
}

/** Postgres cannot store it. */
const withoutNul = (text: string): string => text.replaceAll('\0', '');
