import type { OrderView } from '@orderflow/contracts/http/orders';
import type { Query } from '@orderflow/service-kit/database';
import { noOrder } from '../access.ts';
import { type OrderRow, toView } from '../views.ts';

// As Prisma would give it, but in one statement, and also within the transaction that has just changed the order.
const ORDER = `
  SELECT id, reference, status, cancel_reason AS "cancelReason", message, payment_status AS "paymentStatus",
    refunded_at_provider AS "refundedAtProvider", dispute,
    customer_id AS "customerId", customer_name AS "customerName", customer_email AS "customerEmail",
    customer_phone AS "customerPhone", seller_id AS "sellerId", currency, total,
    shipping_address AS "shippingAddress", tracking_number AS "trackingNumber", confirmation,
    confirmation_requested AS "confirmationRequested", expires_at AS "expiresAt", version,
    placed_at AS "placedAt", updated_at AS "updatedAt",
    ARRAY(
      SELECT json_build_object('productId', product_id, 'sku', sku, 'name', name, 'quantity', quantity,
        'unitPrice', unit_price)
      FROM order_items WHERE order_id = orders.id ORDER BY line) AS items
  FROM orders WHERE id = $1`;

/** An order as `source` sees it: the database, or a transaction. Throws `not_found`. */
export async function readOrder(source: { query: Query }, id: string): Promise<OrderView> {
  const [row] = await source.query<OrderRow>(ORDER, [id]);
  if (!row) throw noOrder(id);
  return toView(row);
}
