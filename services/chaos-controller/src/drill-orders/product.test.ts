import { createClient } from '@orderflow/client/client';
import { expect, test } from 'vitest';
import { aProduct, aShop } from '../../test/fake-shop.ts';
import { drillProduct } from './product.ts';

const { signal } = new AbortController();

test('the product is made once, of a seller of its own, and further drills find it', async () => {
  const shop = await aShop();
  const client = createClient({ baseUrl: shop.url });
  const id = await drillProduct(client, { drillId: 'a', signal });
  expect(await drillProduct(client, { drillId: 'b', signal })).toBe(id);
  expect(shop.products).toMatchObject([{ id, sku: 'ORDERFLOW-DRILL', sellerId: 'orderflow-drills' }]);
  expect(shop.adjustments).toEqual([]);
});

test('low stock is topped up', async () => {
  const shop = await aShop();
  const product = aProduct();
  shop.products.push({ ...product, stock: { ...product.stock, available: 99_999 } });
  expect(await drillProduct(createClient({ baseUrl: shop.url }), { drillId: 'a', signal })).toBe(product.id);
  expect(shop.adjustments).toEqual([{ change: 1_000_000, note: 'for drill a' }]);
});

test('a product that somebody withdrew is for sale again', async () => {
  const shop = await aShop();
  shop.products.push(aProduct({ active: false }));
  const client = createClient({ baseUrl: shop.url });
  expect(await drillProduct(client, { drillId: 'a', signal })).toBe(shop.products[0]!.id);
  expect(shop.products).toMatchObject([{ active: true }]);
});
