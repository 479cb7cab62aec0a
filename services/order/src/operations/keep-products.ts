import type { Event } from '@orderflow/contracts/events';
import type { Transaction } from '@orderflow/service-kit/database';

// In order of sequence, and never backwards: the newest edit wins in whatever order they are heard of.
const UPSERT = `
  INSERT INTO products (id, sku, name, price, currency, seller_id, active, sequence)
  SELECT DISTINCT ON (id) * FROM json_to_recordset($1) AS p(id uuid, sku text, name text, price bigint, currency text,
    "sellerId" text, active boolean, sequence integer)
  ORDER BY id, sequence DESC
  ON CONFLICT (id) DO UPDATE SET sku = excluded.sku, name = excluded.name, price = excluded.price,
    currency = excluded.currency, seller_id = excluded.seller_id, active = excluded.active,
    sequence = excluded.sequence
  WHERE products.sequence < excluded.sequence`;

/** Keeps this service's copy of products up to date, so that orders are priced without asking inventory. */
export async function keepProducts(events: Event<'product.changed'>[], tx: Transaction): Promise<void> {
  const rows = events.map(({ data, sequence }) => ({
    id: data.productId,
    sku: data.sku,
    name: data.name,
    price: data.price.amount,
    currency: data.price.currency,
    sellerId: data.sellerId,
    active: data.active,
    sequence,
  }));
  await tx.query(UPSERT, [JSON.stringify(rows)]);
}
