import type { LedgerSql } from '@orderflow/service-kit/ledgers';

// The reference is whatever the asker gave. In the byte order that the column has, those that are ids of orders sort
// as ids do, and the index on it serves the walk; what is no id is left out of it, as no range of ids has a place for it.
const LEDGER = (which: string, limit: string) => `
  SELECT reference AS "orderId",
    count(*) FILTER (WHERE kind = 'charge') AS charges,
    count(*) FILTER (WHERE kind = 'refund') AS refunds,
    coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0)::bigint AS captured,
    coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunded,
    string_agg(DISTINCT currency, ', ') AS currency
  FROM ledger WHERE status = 'succeeded' AND ${which}
  GROUP BY reference ORDER BY reference ${limit}`;

const IS_AN_ID = `reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`;

/** What was really charged and refunded for each order. */
export const orderLedger: LedgerSql = {
  // By way of uuid, so that an id in capitals is found too.
  named: LEDGER('reference = ANY($1::uuid[]::text[])', ''),
  range: LEDGER(`reference > $1 AND reference <= $2 AND ${IS_AN_ID}`, 'LIMIT $3'),
};
