import type { Strays } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import { anyNumber, type LedgerSql } from '@orderflow/service-kit/ledgers';

const ID_OF = `CASE kind WHEN 'charge' THEN 'ch_' ELSE 're_' END || position`;
const SHOWN = `'id', ${ID_OF}, 'kind', kind, 'key', idempotency_key, 'amount', amount, 'currency', currency,
  'paymentMethod', payment_method, 'declineCode', decline_code`;
const [CHARGED, REFUNDED] = ['charge', 'refund'].map((kind) => `status = 'succeeded' AND kind = '${kind}'`);

// The reference is whatever the asker gave. In the byte order that the column has, those that are ids of orders sort
// as ids do, and the index on it serves the walk; what is no id is left out of it, as no range of ids has a place for it.
const LEDGER = (which: string, limit: string) => `
  SELECT reference AS "orderId",
    count(*) FILTER (WHERE ${CHARGED}) AS charges,
    count(*) FILTER (WHERE ${REFUNDED}) AS refunds,
    ${anyNumber(`coalesce(sum(amount) FILTER (WHERE ${CHARGED}), 0)`)} AS captured,
    ${anyNumber(`coalesce(sum(amount) FILTER (WHERE ${REFUNDED}), 0)`)} AS refunded,
    string_agg(DISTINCT currency, ', ') AS currency,
    coalesce(json_agg(json_build_object(${SHOWN}, 'charge', 'ch_' || charge, 'refunded', refunded) ORDER BY position)
      FILTER (WHERE status = 'succeeded'), '[]') AS rows,
    coalesce(json_agg(json_build_object(${SHOWN}) ORDER BY position) FILTER (WHERE status <> 'succeeded'), '[]')
      AS declined
  FROM ledger WHERE ${which}
  GROUP BY reference ORDER BY reference ${limit}`;

const ID = `'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`;

/** What was really charged and refunded for each order, and what was declined. */
export const orderLedger: LedgerSql = {
  // By way of uuid, so that an id in capitals is found too.
  named: LEDGER('reference = ANY($1::uuid[]::text[])', ''),
  range: LEDGER(`reference > $1 AND reference <= $2 AND reference ~ ${ID}`, 'LIMIT $3'),
};

// The partial index ledger_strays has these rows and no others.
const STRAYS = `
  SELECT count(*) OVER () AS count, ${ID_OF} AS id, reference,
    ${anyNumber('amount')} AS amount, currency
  FROM ledger WHERE status = 'succeeded' AND reference !~ ${ID} ORDER BY position LIMIT 20`;

/** Returns what moved with a reference that is no order's id: how many rows, and the first twenty. */
export async function readStrays(db: Database): Promise<Strays> {
  const rows = await db.query<Strays['some'][number] & { count: number }>(STRAYS);
  return { count: rows[0]?.count ?? 0, some: rows.map(({ count: _, ...row }) => row) };
}
