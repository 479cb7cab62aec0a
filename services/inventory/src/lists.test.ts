import { fillTables, wastefulLists } from '@orderflow/testing/lists';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';

const product = '01900000-0000-7000-8000-000000000111';

// Twenty sellers. What is asked for is rare, and lies at the end of a list that is newest first: 40 products of the shop
// among the oldest, 20 of them withdrawn and in another currency.
const FILL = `
  WITH made AS (
    INSERT INTO products (id, sku, name, description, price, currency, seller_id, active, sequence)
    SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'SKU-' || n,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'Enamel kettle ' ELSE 'Mug ' END || n, '', n,
      CASE WHEN n BETWEEN 101 AND 120 THEN 'CHF' ELSE 'EUR' END,
      CASE WHEN n BETWEEN 101 AND 140 THEN 'shop' ELSE 'seller ' || n % 20 END, n NOT BETWEEN 121 AND 140, 1
    FROM generate_series(1, 10000) AS n RETURNING id),
  stocked AS (
    INSERT INTO stock (product_id, received, on_hand) SELECT id, 10, 10 FROM made RETURNING product_id)
  INSERT INTO movements (id, product_id, kind, quantity)
  SELECT gen_random_uuid(), CASE WHEN n % 1000 = 0 THEN $1::uuid ELSE product_id END, 'RECEIVED', 10
  FROM (SELECT product_id, row_number() OVER () AS n FROM stocked) AS stock`;

test('every list of products and stock reads about as many rows as it shows, with each filter and page', {
  timeout: 90_000,
}, async () => {
  const { db, app } = await inventory();
  await fillTables(db, FILL, [product]);
  const admin = await as.admin();
  const seller = await as.seller('shop');
  const listProducts = {
    filters: {
      sellerId: 'shop',
      q: 'kettle',
      minPrice: { minPrice: '9990', currency: 'EUR' },
      maxPrice: { maxPrice: '20', currency: 'EUR' },
      currency: 'CHF',
      active: 'false',
      sort: 'name',
    },
    walked: { inStock: 'an index of what is in stock would have every order write to it' },
    together: [
      ['q', 'sellerId'],
      ['q', 'currency'],
      ['sellerId', 'active'],
      ['sellerId', 'sort'],
    ],
    callers: { admin },
  };
  const { active: _, ...filters } = listProducts.filters;
  const samples = {
    listProducts,
    listInventory: { filters: {}, callers: { admin, seller } },
    listMovements: { path: `/api/inventory/${product}/movements`, filters: {}, callers: { admin } },
    plainListInventory: { filters: {}, callers: { nobody: {} } },
  };
  expect(await wastefulLists({ service: 'inventory', app, db, samples })).toEqual([]);
  const byOthers = {
    ...listProducts,
    filters: { ...filters, active: 'true', sort: { sort: 'price' } },
    together: [['currency', 'sort']],
    callers: { nobody: {}, seller },
  };
  const others = { ...samples, listProducts: byOthers };
  expect(await wastefulLists({ service: 'inventory', app, db, samples: others })).toEqual([]);
});
