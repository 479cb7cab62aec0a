import type { createProductBody } from '@orderflow/contracts/http';
import { newId } from '@orderflow/contracts/ids';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { z } from 'zod';
import type { InventoryMetrics } from '../metrics.ts';
import { productChanged } from '../product.ts';
import { openLedger } from './open-ledger.ts';

export type NewProduct = z.infer<typeof createProductBody>;

const INSERT = `
  WITH product AS (
    INSERT INTO products (id, sku, name, description, price, currency, seller_id, image_url, sequence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (sku) DO NOTHING RETURNING id)
  INSERT INTO stock (product_id) SELECT id FROM product RETURNING product_id`;

/** Takes a product into the catalogue. Gives its id; undefined, and nothing written, when the SKU is taken. */
export async function createProduct(
  tx: Transaction,
  product: NewProduct,
  { cause, metrics }: { cause: Cause; metrics: InventoryMetrics },
): Promise<string | undefined> {
  const { sku, name, description, price, sellerId, imageUrl, stock } = product;
  const id = newId();
  const made = await tx.query(INSERT, [
    id,
    sku,
    name,
    description,
    price.amount,
    price.currency,
    sellerId,
    imageUrl ?? null,
  ]);
  if (made.length === 0) return undefined;
  if (stock > 0) {
    const ledger = await openLedger(tx, [id], metrics);
    ledger.book([{ productId: id, kind: 'RECEIVED', quantity: stock }]);
    await ledger.save();
  }
  const row = { id, sku, name, price: price.amount, currency: price.currency, sellerId };
  await appendToOutbox(tx, [productChanged({ ...row, active: true, sequence: 1 }, cause)]);
  return id;
}
