import { createHmac, timingSafeEqual } from 'node:crypto';

/** Crockford's base 32: no letter that is read as a digit. https://www.crockford.com/base32.html */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 12 digits of 5 bits: more than anybody can try within the life of a code. */
const LENGTH = 12;

/** What a code is for: the code of one ticket for something else is another. */
type Use = { purpose: string; ticket: string };

/**
 * Returns the code of a ticket as mails show it, such as `7K2M-Q9TX-04BD`. It is made from the ticket by a secret that
 * only who makes the ticket and who writes the mail have, so that no event and no table has to carry it.
 */
export function mailCode(secret: string, { purpose, ticket }: Use): string {
  const digest = createHmac('sha256', secret).update(`${purpose}:${ticket}`).digest();
  const digits = Array.from(digest.subarray(0, LENGTH), (byte) => DIGITS[byte & 31]).join('');
  return digits.match(/.{4}/g)!.join('-');
}

/** Whether a person has sent the code of this ticket, in whatever letters and with or without dashes. */
export function isMailCode(secret: string, given: string, use: Use): boolean {
  const [typed, expected] = [given, mailCode(secret, use)].map((text) => Buffer.from(plain(text)));
  return typed!.length === expected!.length && timingSafeEqual(typed!, expected!);
}

const plain = (text: string): string =>
  text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
