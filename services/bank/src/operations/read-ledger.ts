import type { Database } from '@orderflow/service-kit/database';
import { LEDGER_COLUMNS, type LedgerRow } from '../ledger.ts';

const PAGE = `SELECT ${LEDGER_COLUMNS} FROM ledger WHERE position > $1 ORDER BY position LIMIT $2`;

/** The next rows after a position. Whoever walks from row to row meets every one. */
export async function ledgerAfter(db: Database, position: number, limit: number): Promise<LedgerRow[]> {
  return db.transaction(async (tx) => {
    // Positions are given before they are committed: this waits for those that are under way, else a
    // reader could pass one by that shows up later behind it.
    await tx.query('LOCK TABLE ledger IN SHARE MODE');
    return tx.query<LedgerRow>(PAGE, [position, limit]);
  });
}

const CHARGES_OF = `
  SELECT ${LEDGER_COLUMNS} FROM ledger WHERE reference = $1 AND kind = 'charge' ORDER BY position`;

/** The charges that were asked for with a reference of the asker's. */
export const chargesOf = (db: Database, reference: string): Promise<LedgerRow[]> =>
  db.query<LedgerRow>(CHARGES_OF, [reference]);

/** Sums of minor units by currency, and counts of all. */
export type Totals = {
  charged: Record<string, number>;
  refunded: Record<string, number>;
  charges: number;
  refunds: number;
  declined: number;
};

const TOTALS = `
  WITH sums AS (
    SELECT currency, sum(amount) FILTER (WHERE kind = 'charge' AND status = 'succeeded') AS charged,
      sum(amount) FILTER (WHERE kind = 'refund') AS refunded,
      count(*) FILTER (WHERE kind = 'charge' AND status = 'succeeded') AS charges,
      count(*) FILTER (WHERE kind = 'refund') AS refunds,
      count(*) FILTER (WHERE status = 'declined') AS declined
    FROM ledger GROUP BY currency)
  SELECT coalesce(json_object_agg(currency, charged) FILTER (WHERE charges > 0), '{}') AS charged,
    coalesce(json_object_agg(currency, refunded) FILTER (WHERE refunds > 0), '{}') AS refunded,
    coalesce(sum(charges), 0)::bigint AS charges, coalesce(sum(refunds), 0)::bigint AS refunds,
    coalesce(sum(declined), 0)::bigint AS declined
  FROM sums`;

/** Sums and counts over the whole ledger. */
export async function totals(db: Database): Promise<Totals> {
  const [row] = await db.query<Totals>(TOTALS);
  return row!;
}
