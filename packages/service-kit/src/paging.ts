import type { pageQuery } from '@orderflow/contracts/http/page';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from './http-input.ts';

type Page = z.infer<typeof pageQuery>;

/** What to add to a query whose `id` is a UUIDv7: newest first, and one row more than asked for, to see if there is a next page. */
export const newestFirst = ({ limit }: Page) => ({ orderBy: { id: 'desc' }, take: limit + 1 }) as const;

/** The condition on `id` that a cursor stands for. Throws `invalid_request` on a cursor that was made up. */
export const afterCursor = ({ cursor }: Page) =>
  cursor === undefined ? {} : { id: { lt: decodeCursor(z.uuid(), cursor) } };

/** A page of views, and where the next one starts: after the key of its last row, its `id` unless told otherwise. */
export function toPage<Row, View>(
  rows: Row[],
  { limit }: Page,
  view: (row: Row) => View,
  keyOf: (row: Row) => string = (row) => (row as { id: string }).id,
): { items: View[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(view),
    nextCursor: last !== undefined && rows.length > limit ? encodeCursor(keyOf(last)) : null,
  };
}
