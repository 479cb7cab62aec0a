import { v5, v7 } from 'uuid';

/** A new id. UUIDv7 grows with time, which keeps the indexes of large tables compact. */
export const newId = (): string => v7();

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
