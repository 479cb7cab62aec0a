import { createProductBody } from '@orderflow/contracts/http/catalogue';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError, parseInput } from '@orderflow/service-kit/problem';
import type { InventoryMetrics } from '../metrics.ts';
import { skuOf } from '../product.ts';
import { available } from '../stock.ts';
import { adjustStock } from './adjust-stock.ts';
import { createProduct } from './create-product.ts';

const FIND = `
  SELECT id FROM products WHERE sku = $1 OR name = $1
  ORDER BY sku = $1 DESC, active DESC, id LIMIT 1`;

/** Whose the products are that come about by their name alone. */
const DEMO_SELLER = 'demo-shop';

type PlainStock = { item: string; stock: number };
type Context = { cause: Cause; metrics: InventoryMetrics };

/**
 * Makes `stock` items of a product, found by its SKU or name, available to order; what is reserved is there
 * besides. An item that nobody knows becomes a product at 1.00 EUR, so that a script can begin with stock.
 * Throws `conflict` when the SKU that its name leads to is another product's.
 */
export async function setPlainStock(
  tx: Transaction,
  { item: name, stock }: PlainStock,
  { cause, metrics }: Context,
): Promise<void> {
  const item = name.trim();
  const setAvailable = async (productId: string): Promise<void> => {
    await adjustStock(tx, productId, {
      adjustment: (now) => ({ kind: 'ADJUSTED', quantity: stock - available(now) }),
      actor: cause.actor,
      metrics,
    });
  };

  const known = await find(tx, item);
  if (known) return setAvailable(known);
  const product = {
    sku: skuOf(item),
    name: item,
    price: { amount: 100, currency: 'EUR' },
    stock,
  };
  const wanted = { ...parseInput(createProductBody, product, 'item'), sellerId: DEMO_SELLER };
  if (await createProduct(tx, wanted, { cause, metrics })) return;
  // Somebody was faster, with the same item or with one whose name leads to the same SKU.
  const made = await find(tx, item);
  if (made) return setAvailable(made);
  throw new ProblemError('conflict', `SKU ${product.sku} is another product's; name the item by its SKU.`);
}

async function find(tx: Transaction, item: string): Promise<string | undefined> {
  const [product] = await tx.query<{ id: string }>(FIND, [item]);
  return product?.id;
}
