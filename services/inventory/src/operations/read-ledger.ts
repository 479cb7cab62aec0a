import type { LedgerSql } from '@orderflow/service-kit/ledgers';

// An order may have movements and no reservation, when somebody has meddled: both are walked, each along its index,
// the primary key of reservations and movements_order_id_idx.
const LEDGER = (page: string) => `
  WITH page AS MATERIALIZED (${page})
  SELECT order_id AS "orderId",
    CASE WHEN status IS NULL OR status = 'AWAITED' THEN 'none' ELSE status END AS status,
    coalesce(reservations.items, '[]') AS items, coalesce(moved.movements, '[]') AS movements,
    expires_at AS "expiresAt", coalesce(paid, false) AS paid, coalesce(shipped, false) AS shipped,
    expiry_announced_at IS NOT NULL AS "expiryAnnounced", correlation_id AS "correlationId",
    coalesce(sequence, 0) AS sequence, coalesce(updated_at, moved.at) AS "updatedAt"
  FROM page LEFT JOIN reservations USING (order_id) CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('productId', product_id, 'kind', kind, 'count', count, 'quantity', quantity)
        ORDER BY product_id, kind) AS movements, max(at) AS at
    FROM (SELECT product_id, kind, count(*) AS count, sum(quantity) AS quantity, max(at) AS at
      FROM movements WHERE movements.order_id = page.order_id GROUP BY product_id, kind) AS sums) AS moved
  WHERE status IS NOT NULL OR moved.at IS NOT NULL
  ORDER BY order_id`;

const RANGE = 'order_id > $1 AND order_id <= $2 ORDER BY order_id LIMIT $3';

/** The reservation of each order, beside what the movements say about it. */
export const reservationLedger: LedgerSql = {
  named: LEDGER('SELECT DISTINCT unnest($1::uuid[]) AS order_id'),
  range: LEDGER(`(SELECT order_id FROM reservations WHERE ${RANGE}) UNION
    (SELECT DISTINCT order_id FROM movements WHERE ${RANGE}) ORDER BY order_id LIMIT $3`),
};
