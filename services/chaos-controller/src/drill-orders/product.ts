import type { Client } from '@orderflow/client/client';

const SELLER = 'orderflow-drills';
const SKU = 'ORDERFLOW-DRILL';
const PLENTY = 1_000_000;
/** More than the largest drill orders: 20 a second for an hour. */
const LOW = 100_000;

/**
 * The product that drills order: nobody else's stock, and confirmed by itself. Made by the first drill and topped up
 * when it runs low. May be repeated for the same drill. Gives its id; throws what the client throws.
 */
export async function drillProduct(
  client: Pick<Client, 'call'>,
  { drillId, signal }: { drillId: string; signal: AbortSignal },
): Promise<string> {
  await client.call('putSellerSettings', {
    params: { id: SELLER },
    body: { confirmation: 'automatic' },
    signal,
  });
  const { id, stock, active } = (await findProduct(client, signal)) ?? (await createProduct(client, signal));
  if (!active) await client.call('editProduct', { params: { id }, body: { active: true }, signal });
  if (stock.available < LOW) {
    await client.call('adjustStock', {
      params: { productId: id },
      body: { change: PLENTY, note: `for drill ${drillId}` },
      idempotencyKey: `drill-${drillId}-stock`,
      signal,
    });
  }
  return id;
}

async function findProduct(client: Pick<Client, 'call'>, signal: AbortSignal) {
  const { items } = await client.call('listProducts', { query: { sellerId: SELLER, limit: 200 }, signal });
  return items.find(({ sku }) => sku === SKU);
}

const createProduct = (client: Pick<Client, 'call'>, signal: AbortSignal) =>
  client.call('createProduct', {
    body: {
      sku: SKU,
      name: 'Drill item',
      description: 'Ordered by failure drills, and never shipped.',
      price: { amount: 100, currency: 'EUR' },
      sellerId: SELLER,
      stock: PLENTY,
    },
    // Two who find none at the same time make one.
    idempotencyKey: SKU,
    signal,
  });
