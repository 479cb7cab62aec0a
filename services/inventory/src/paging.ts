import type { pageQuery } from '@orderflow/contracts/http';
import { decodeCursor, encodeCursor } from '@orderflow/service-kit/http-input';
import { z } from 'zod';

type Page = z.infer<typeof pageQuery>;

/** What to add to a query whose `id` is a UUIDv7: newest first, one row more than asked for, to see if there is a next page. */
export const newestFirst = ({ limit }: Page) => ({ orderBy: { id: 'desc' }, take: limit + 1 }) as const;

/** The condition on `id` that a cursor stands for. */
export const afterCursor = ({ cursor }: Page) =>
  cursor === undefined ? {} : { id: { lt: decodeCursor(z.uuid(), cursor) } };

/** A page of views, and where the next one starts. */
export function toPage<Row extends { id: string }, View>(
  rows: Row[],
  { limit }: Page,
  view: (row: Row) => View,
) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(view),
    nextCursor: last && rows.length > limit ? encodeCursor(last.id) : null,
  };
}
