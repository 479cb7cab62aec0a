import type { Database } from '@orderflow/service-kit/database';
import type { CustomerRow } from '../views.ts';

const listWhere = (condition: string) => `
  SELECT id, name, email, phone, address, guest, created_at AS "createdAt" FROM customers
  WHERE email > $1 AND ${condition} ORDER BY email LIMIT $2`;

/** Lower case by Unicode, in the order of bytes: as the indexes of beginnings have it. */
const folded = (text: string) => `(lower(${text} COLLATE "und-x-icu") COLLATE "C")`;

// What begins with a text lies between it and the same text with the last of all characters behind it.
const begins = (column: string) =>
  `${folded(column)} BETWEEN ${folded('$3::text')} AND ${folded('$3::text')} || chr(1114111)`;

const ALL = listWhere('true');
const SEARCH = listWhere(`(${begins('name')} OR ${begins('email')})`);

type Listing = { q: string | undefined; after: string | undefined; limit: number };

/** Customers by e-mail address, those behind `after`; with `q` those whose name or address begins with it. */
export const listCustomers = (
  db: Pick<Database, 'query'>,
  { q, after = '', limit }: Listing,
): Promise<CustomerRow[]> =>
  q === undefined
    ? db.query<CustomerRow>(ALL, [after, limit])
    : db.query<CustomerRow>(SEARCH, [after, limit, q]);
