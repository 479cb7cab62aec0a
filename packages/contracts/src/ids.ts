import { v5, v7 } from 'uuid';

const ID_BYTES = 16;
// Drawn for 256 ids at a time: asking the system for those of each takes five times as long as all else about an id.
const random = Buffer.alloc(256 * ID_BYTES);
let used = random.length;
let last = { ms: 0, count: 0 };

/**
 * A new id. UUIDv7 grows with time, which keeps the indexes of large tables compact; those of one process grow from
 * each to the next, also within a millisecond (RFC 9562, 6.2, method 1).
 */
export function newId(): string {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  used += ID_BYTES;
  const own = random.subarray(used - ID_BYTES, used);
  const ms = Date.now();
  // A beginning from which it can be counted up as often as one likes.
  last = ms > last.ms ? { ms, count: own.readUInt32BE(0) >>> 1 } : { ms: last.ms, count: last.count + 1 };
  return v7({ random: own, msecs: last.ms, seq: last.count });
}

/** When an id of `newId` was drawn, in milliseconds since 1970: RFC 9562 puts it into the first 48 bits. */
export const drawnAt = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** The least id that `newId` can draw at this time, in milliseconds since 1970: a bound for ranges of ids. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

const customerNamespace = '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10';

/**
 * The id of the customer with this e-mail address. Derived, not drawn, so that `order` can name the
 * customer of a guest order without asking `customer`, and both always mean the same record.
 */
export const customerIdOf = (email: string): string => v5(email.trim().toLowerCase(), customerNamespace);
