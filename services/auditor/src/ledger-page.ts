import { ledgerPage } from '@orderflow/contracts/ledgers';
import { z } from 'zod';

/** A row with a value that no service writes, and why it cannot be read. */
export type UnreadableRow = { key: string; why: string; row: unknown };

/** A page of a ledger. */
export type LedgerRows<Entry> = { items: Entry[]; unreadable: UnreadableRow[]; next: string | null };

/**
 * Reads a page of a ledger entry by entry, so that one that somebody has edited hides no other. `key` is the field that
 * says what an entry is about. Throws when the page is none, or when its entries lack a field: then the service is of
 * another version, and no row is to blame.
 */
export function readPage<T extends z.ZodType>(
  content: unknown,
  entry: T,
  key: string,
): LedgerRows<z.infer<T>> {
  const page = ledgerPage(z.looseObject({ [key]: z.guid() })).safeParse(content);
  if (!page.success)
    throw new Error(`its answer is not what a ledger gives: ${whatIsWrong(page.error, content)}`);
  const [items, unreadable]: [z.infer<T>[], UnreadableRow[]] = [[], []];
  for (const row of page.data.items) {
    const read = entry.safeParse(row);
    if (read.success) items.push(read.data);
    else if (lacksField(read.error, row)) throw new Error(`its entries lack ${whatIsWrong(read.error, row)}`);
    else unreadable.push({ key: String(row[key]), why: whatIsWrong(read.error, row), row });
  }
  return { items, unreadable, next: page.data.next };
}

/** Returns each field that is wrong, its value, and what is wrong with it. */
export const whatIsWrong = (error: z.ZodError, content: unknown): string =>
  error.issues
    .map(({ path, message }) => `${path.join('.') || 'it'} is ${show(valueAt(content, path))}: ${message}`)
    .join('; ');

/** Below the fields themselves there may be JSON that somebody has edited. */
const lacksField = (error: z.ZodError, row: unknown): boolean =>
  error.issues.some(({ path }) => path.length === 1 && valueAt(row, path) === undefined);

const valueAt = (content: unknown, path: PropertyKey[]): unknown =>
  path.reduce<unknown>((value, field) => (value as Record<PropertyKey, unknown> | null)?.[field], content);

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 200) ?? 'missing';
