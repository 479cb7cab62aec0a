import { type LedgerPage, ledgerQuery } from '@orderflow/contracts/ledgers';
import type { Express, RequestHandler } from 'express';
import { requireActor } from './auth.ts';
import type { Database } from './database.ts';
import { bodyOf } from './http-input.ts';

/** No order has these ids; those of all orders lie between them. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * SQL for a number as the ledger tells of it. As JSON, one that is too large for a safe integer is told too: it makes its
 * own entry unreadable, and not the whole page.
 */
export const anyNumber = (value: string): string => `to_json(${value})`;

/** How a ledger is read: each by one statement, so that a page is one snapshot, and an entry a row of it. */
export type LedgerSql = {
  /** The orders that it knows of `$1`, a `uuid[]`. */
  named: string;
  /** The first `$3` orders after `$1` and up to `$2`, in order of id. */
  range: string;
};

/**
 * Serves `POST /internal/ledgers/NAME`: what a service knows about each order, for the auditor. The gateway leads
 * nobody here, and nobody but OrderFlow itself and admins is answered. `authenticate` reads who asks, where the app
 * does not do that for all its routes.
 */
export function mountLedger(
  app: Express,
  name: string,
  { db, sql, authenticate = goOn }: { db: Database; sql: LedgerSql; authenticate?: RequestHandler },
): void {
  app.post(`/internal/ledgers/${name}`, authenticate, async (req, res) => {
    requireActor(req, 'admin', 'service');
    const query = bodyOf(ledgerQuery, req);
    if ('orders' in query) {
      res.json({ items: await db.query(sql.named, [query.orders]), next: null });
      return;
    }
    const { after, until, limit } = query;
    const rows = await db.query<{ orderId: string }>(sql.range, [
      after ?? BEFORE_ALL,
      until ?? AFTER_ALL,
      limit + 1,
    ]);
    res.json(toLedgerPage(rows, limit, (row) => row.orderId));
  });
}

const goOn: RequestHandler = (_req, _res, next) => next();

/** The page of `limit + 1` rows that were read: the one too many says only that there are more. */
export function toLedgerPage<Row>(rows: Row[], limit: number, keyOf: (row: Row) => string): LedgerPage<Row> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? keyOf(items.at(-1)!) : null };
}

/**
 * SQL for the digest of a message's words. White space does not count: mail servers fold lines and cut their ends. The
 * sender and the receiver of a message compute it alike, so that the auditor can compare what it never reads.
 */
export const wordsDigest = (words: string): string => `md5(translate(${words}, E' \\t\\r\\n', ''))`;
