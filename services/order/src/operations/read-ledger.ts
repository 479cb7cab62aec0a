import type { ProductEntry } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import { anyNumber, type LedgerSql } from '@orderflow/service-kit/ledgers';

const ITEMS = `
  SELECT coalesce(json_agg(json_build_object('line', line, 'productId', product_id, 'quantity', quantity, 'sku', sku,
    'name', name, 'unitPrice', unit_price) ORDER BY line), '[]')
  FROM order_items WHERE order_id = id`;

// The primary keys of orders and of their items serve it: a page costs the same however many orders there are.
const LEDGER = (which: string, limit: string) => `
  SELECT id AS "orderId", status, cancel_reason AS "cancelReason", message, tracking_number AS "trackingNumber",
    payment_status AS "paymentStatus", refunded_at_provider AS "refundedAtProvider", dispute, payment_method AS "paymentMethod", confirmation,
    confirmation_requested AS "confirmationRequested", customer_id AS "customerId", customer_name AS "customerName",
    customer_email AS "customerEmail", customer_phone AS "customerPhone", guest, seller_id AS "sellerId",
    shipping_address AS "shippingAddress", correlation_id AS "correlationId", sequence, ${anyNumber('total')} AS total, currency,
    payment_method IS NOT NULL OR total = 0 AS "chargedAtOnce",
    status = 'PENDING' AND NOT confirmation_requested AS "awaitsSeller", (${ITEMS}) AS items,
    expires_at AS "expiresAt", placed_at AS "placedAt", updated_at AS "updatedAt"
  FROM orders WHERE ${which} ORDER BY id ${limit}`;

/** Every order with its items, as it is now. */
export const orderLedger: LedgerSql = {
  named: LEDGER('id = ANY($1::uuid[])', ''),
  range: LEDGER('id > $1 AND id <= $2', 'LIMIT $3'),
};

const PRODUCTS = `
  SELECT id AS "productId", sku, name, ${anyNumber('price')} AS price, currency, seller_id AS "sellerId", active, sequence
  FROM products WHERE id = ANY($1::uuid[]) ORDER BY id`;

/** This service's copy of these products. */
export const readProducts = (db: Database, ids: string[]): Promise<ProductEntry[]> =>
  db.query<ProductEntry>(PRODUCTS, [ids]);
