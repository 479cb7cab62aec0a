import type { OrderView } from '@orderflow/contracts/http/orders';
import { appendToOutbox } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { type Accepted, draftsOf, itemRows, orderRow, toPlacedView } from '../accepted-order.ts';
import type { OrderMetrics } from '../metrics.ts';
import type { NewOrder } from '../new-order.ts';
import { type CatalogueProduct, priceOrder } from '../pricing.ts';

const CATALOGUE = `
  SELECT id, sku, name, price, currency, products.seller_id AS "sellerId", active,
    coalesce(confirmation, 'automatic') AS confirmation
  FROM products LEFT JOIN seller_settings USING (seller_id) WHERE id = ANY($1::uuid[])`;

// In order of reference, so that two batches with the same references wait for one another instead of deadlocking.
// With its items in one statement: every round trip of this transaction is time that a buyer waits.
const INSERT_ORDERS = `
  WITH placed AS (
    INSERT INTO orders (id, reference, customer_id, customer_name, customer_email, customer_phone, guest, seller_id,
      status, payment_status, payment_method, confirmation, confirmation_requested, currency, total,
      shipping_address, sequence, version, correlation_id, placed_at, updated_at)
    SELECT id, reference, "customerId", name, email, phone, guest, "sellerId",
      'PENDING', 'NONE', "paymentMethod", confirmation, confirmation = 'automatic', currency, total,
      "shippingAddress", sequence, 1, "correlationId", now(), now()
    FROM json_to_recordset($1) AS o(id uuid, reference text, "customerId" uuid, name text, email text, phone text,
      guest boolean, "sellerId" text, "paymentMethod" text, confirmation text, currency text, total bigint,
      "shippingAddress" jsonb, sequence integer, "correlationId" text)
    ORDER BY reference
    ON CONFLICT DO NOTHING RETURNING id, placed_at),
  lines AS (
    INSERT INTO order_items (order_id, line, product_id, sku, name, quantity, unit_price, search)
    SELECT i.* FROM json_to_recordset($2) AS i(order_id uuid, line integer, product_id uuid, sku text, name text,
      quantity integer, unit_price bigint, search text)
    JOIN placed ON placed.id = i.order_id)
  SELECT id, placed_at AS "placedAt" FROM placed`;

const BY_REFERENCE = 'SELECT id, reference FROM orders WHERE reference = ANY($1::text[])';

/**
 * Accepts orders, many in one transaction. Gives each as it was placed, or why it is refused.
 * An order whose id or reference is there already gives only the id of that one, and changes nothing.
 */
export async function placeOrders(
  tx: Transaction,
  orders: NewOrder[],
  metrics: OrderMetrics,
): Promise<(OrderView | string | Error)[]> {
  const productIds = new Set(orders.flatMap((order) => order.items.map((item) => item.productId)));
  const products = await tx.query<CatalogueProduct>(CATALOGUE, [[...productIds]]);
  const catalogue = new Map(products.map((product) => [product.id, product]));
  const outcomes = orders.map((order) => price(order, catalogue));
  const accepted = outcomes.filter((outcome): outcome is Accepted => !(outcome instanceof Error));
  const inserted = await insert(tx, accepted);
  tx.afterCommit(() => metrics.placed.inc(inserted.size));
  const repeated = accepted.map(({ order }) => order).filter(({ id }) => !inserted.has(id));
  const placedBefore = await idsByReference(tx, repeated);
  return outcomes.map((outcome) => {
    if (outcome instanceof Error) return outcome;
    const { id, reference } = outcome.order;
    const placedAt = inserted.get(id);
    return placedAt ? toPlacedView(outcome, placedAt) : (placedBefore.get(reference) ?? id);
  });
}

function price(order: NewOrder, catalogue: Map<string, CatalogueProduct>): Accepted | ProblemError {
  try {
    const priced = priceOrder(order.items, catalogue);
    return { order, priced, confirmation: order.confirmation ?? priced.confirmation };
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}

/** Inserts what is new, with its events; gives the ids of that, and when they were placed. */
async function insert(tx: Transaction, accepted: Accepted[]): Promise<Map<string, Date>> {
  if (accepted.length === 0) return new Map();
  const rows = await tx.query<{ id: string; placedAt: Date }>(INSERT_ORDERS, [
    JSON.stringify(accepted.map(orderRow)),
    JSON.stringify(accepted.flatMap(itemRows)),
  ]);
  const inserted = new Map(rows.map((row) => [row.id, row.placedAt]));
  const made = accepted.filter(({ order }) => inserted.has(order.id));
  appendToOutbox(tx, made.flatMap(draftsOf));
  return inserted;
}

async function idsByReference(tx: Transaction, orders: NewOrder[]): Promise<Map<string | undefined, string>> {
  const references = orders.flatMap((order) => order.reference ?? []);
  if (references.length === 0) return new Map();
  const rows = await tx.query<{ id: string; reference: string }>(BY_REFERENCE, [references]);
  return new Map(rows.map((row) => [row.reference, row.id]));
}
