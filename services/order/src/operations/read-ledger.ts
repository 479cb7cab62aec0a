import type { LedgerSql } from '@orderflow/service-kit/ledgers';

// The primary keys of orders and of their items serve it: a page costs the same however many orders there are.
const LEDGER = (which: string, limit: string) => `
  SELECT id AS "orderId", status, total, currency, payment_method IS NOT NULL OR total = 0 AS "chargedAtOnce",
    status = 'PENDING' AND NOT confirmation_requested AS "awaitsSeller",
    (SELECT coalesce(json_agg(json_build_object('productId', product_id, 'quantity', quantity) ORDER BY line), '[]')
      FROM order_items WHERE order_id = id) AS items,
    expires_at AS "expiresAt", placed_at AS "placedAt", updated_at AS "updatedAt"
  FROM orders WHERE ${which} ORDER BY id ${limit}`;

/** Every order with its items, as it is now. */
export const orderLedger: LedgerSql = {
  named: LEDGER('id = ANY($1::uuid[])', ''),
  range: LEDGER('id > $1 AND id <= $2', 'LIMIT $3'),
};
