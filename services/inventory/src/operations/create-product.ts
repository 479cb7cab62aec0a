import type { createProductBody } from '@orderflow/contracts/http/catalogue';
import { newId } from '@orderflow/contracts/ids';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { z } from 'zod';
import type { InventoryMetrics } from '../metrics.ts';
import { productChanged } from '../product.ts';
import type { ProductRow } from '../views.ts';
import { openLedger } from './open-ledger.ts';

export type NewProduct = z.infer<typeof createProductBody> & { sellerId: string };

const INSERT = `
  WITH product AS (
    INSERT INTO products (id, sku, name, description, price, currency, seller_id, image_url, sequence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (sku) DO NOTHING
    RETURNING id, created_at),
  stocked AS (INSERT INTO stock (product_id) SELECT id FROM product)
  SELECT created_at AS "createdAt" FROM product`;

/** Takes a product into the catalogue and gives it; undefined, and nothing written, when the SKU is taken. */
export async function createProduct(
  tx: Transaction,
  product: NewProduct,
  { cause, metrics }: { cause: Cause; metrics: InventoryMetrics },
): Promise<ProductRow | undefined> {
  const { sku, name, description, sellerId, stock } = product;
  const { amount: price, currency } = product.price;
  const imageUrl = product.imageUrl ?? null;
  const id = newId();
  const values = [id, sku, name, description, price, currency, sellerId, imageUrl];
  const [made] = await tx.query<{ createdAt: Date }>(INSERT, values);
  if (!made) return undefined;
  const ledger = await openLedger(tx, [id], { actor: cause.actor, metrics });
  if (stock > 0) ledger.book([{ productId: id, kind: 'RECEIVED', quantity: stock }]);
  ledger.save();
  const row = { id, sku, name, price, currency, sellerId, active: true, sequence: 1 };
  appendToOutbox(tx, [productChanged(row, cause)]);
  return { ...row, ...made, description, imageUrl, stock: ledger.stock.get(id)! };
}
