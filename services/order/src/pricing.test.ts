import { newId } from '@orderflow/contracts/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CatalogueProduct, priceOrder, type WantedItem } from './pricing.ts';

const aProduct = (changes: Partial<CatalogueProduct> = {}): CatalogueProduct => ({
  id: newId(),
  sku: 'MUG-1',
  name: 'Mug',
  price: 2999,
  currency: 'EUR',
  sellerId: 'seller-1',
  active: true,
  confirmation: 'automatic',
  ...changes,
});

const priceOf = (products: CatalogueProduct[], items: WantedItem[]) =>
  priceOrder(items, new Map(products.map((product) => [product.id, product])));

const refusal = (code: string) => expect.objectContaining({ code });

test('an order is priced by the catalogue, line by line and in total', () => {
  const mug = aProduct();
  const pot = aProduct({ sku: 'POT-1', name: 'Pot', price: 1 });
  const priced = priceOf(
    [mug, pot],
    [
      { productId: mug.id, quantity: 2 },
      { productId: pot.id, quantity: 3 },
    ],
  );
  expect(priced).toEqual({
    lines: [
      {
        productId: mug.id,
        quantity: 2,
        sku: 'MUG-1',
        name: 'Mug',
        unitPrice: { amount: 2999, currency: 'EUR' },
      },
      {
        productId: pot.id,
        quantity: 3,
        sku: 'POT-1',
        name: 'Pot',
        unitPrice: { amount: 1, currency: 'EUR' },
      },
    ],
    total: { amount: 6001, currency: 'EUR' },
    sellerId: 'seller-1',
    confirmation: 'automatic',
  });
});

test('the same product on several lines becomes one line', () => {
  const mug = aProduct();
  const pot = aProduct();
  const { lines } = priceOf(
    [mug, pot],
    [
      { productId: mug.id, quantity: 1 },
      { productId: pot.id, quantity: 1 },
      { productId: mug.id.toUpperCase(), quantity: 4 },
    ],
  );
  expect(lines.map(({ productId, quantity }) => [productId, quantity])).toEqual([
    [mug.id, 5],
    [pot.id, 1],
  ]);
});

test('however a quantity is spread over lines, the order is the same', () => {
  const mug = aProduct();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 100 }),
      (quantities) => {
        const quantity = quantities.reduce((sum, one) => sum + one);
        const spread = priceOf(
          [mug],
          quantities.map((quantity) => ({ productId: mug.id, quantity })),
        );
        expect(spread).toEqual(priceOf([mug], [{ productId: mug.id, quantity }]));
      },
    ),
  );
});

test('more of one product than an order can hold is refused, also when it is spread over lines', () => {
  const mug = aProduct();
  const item = { productId: mug.id, quantity: 5_000 };
  expect(priceOf([mug], [item, item]).lines[0]!.quantity).toBe(10_000);
  expect(() => priceOf([mug], [item, item, { ...item, quantity: 1 }])).toThrow(refusal('invalid_request'));
});

test.each([
  ['is not in the catalogue', []],
  ['is withdrawn', [{ active: false }]],
])('a product that %s is refused by its id', (_name, changes) => {
  const known = changes.map((change) => aProduct(change));
  const productId = known[0]?.id ?? newId();
  const place = () => priceOf(known, [{ productId, quantity: 1 }]);
  expect(place).toThrow(refusal('unknown_product'));
  expect(place).toThrow(productId);
});

test('products of two sellers, or in two currencies, are refused', () => {
  const mug = aProduct();
  const others = aProduct({ sellerId: 'seller-2' });
  const foreign = aProduct({ currency: 'USD' });
  const both = (other: CatalogueProduct) => () =>
    priceOf(
      [mug, other],
      [mug, other].map(({ id }) => ({ productId: id, quantity: 1 })),
    );
  expect(both(others)).toThrow(refusal('mixed_sellers'));
  expect(both(foreign)).toThrow(refusal('mixed_currencies'));
});

test.each([
  ['29.99 EUR', 2999, 'EUR', 29.99],
  ['30 cents as 0.1 + 0.2, which is not 0.3', 30, 'EUR', 0.1 + 0.2],
  ['3.30 as 3 × 1.1, which is not 3.3', 330, 'EUR', 3 * 1.1],
  ['500 yen, which have no decimals', 500, 'JPY', 500],
  ['1.234 dinars, which have three', 1234, 'KWD', 1.234],
  ['nothing', 0, 'EUR', 0],
  ['the largest price of all', Number.MAX_SAFE_INTEGER, 'JPY', Number.MAX_SAFE_INTEGER],
])('a customer who was shown the price gets the product for %s', (_name, price, currency, shown) => {
  const product = aProduct({ price, currency });
  const { total } = priceOf([product], [{ productId: product.id, quantity: 1, price: shown }]);
  expect(total).toEqual({ amount: price, currency });
});

test.each([
  ['a cent less', 2999, 'EUR', 29.98],
  ['a cent more', 2999, 'EUR', 30],
  ['less than half a cent more', 2999, 'EUR', 29.994],
  ['minor units', 2999, 'EUR', 2999],
  ['less than half a yen more', 500, 'JPY', 500.4],
  ['yen as if they had cents', 500, 'JPY', 5],
  ['nothing', 1, 'EUR', 0],
])('a customer who was shown %s is told to read the price again', (_name, price, currency, shown) => {
  const product = aProduct({ price, currency });
  const item = { productId: product.id, quantity: 1, price: shown };
  expect(() => priceOf([product], [item])).toThrow(refusal('price_changed'));
});

test('each of several lines of a product is held against its price', () => {
  const mug = aProduct();
  const items = [
    { productId: mug.id, quantity: 1, price: 29.99 },
    { productId: mug.id, quantity: 1, price: 0.01 },
  ];
  expect(() => priceOf([mug], items)).toThrow(refusal('price_changed'));
});

test('any price in minor units agrees with itself in major units, and with no other', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.constantFrom(['EUR', 100], ['JPY', 1], ['KWD', 1000]),
      fc.integer({ min: -2, max: 2 }),
      (price, [currency, scale], off) => {
        const product = aProduct({ price, currency: String(currency) });
        const item = { productId: product.id, quantity: 1, price: (price + off) / Number(scale) };
        if (off === 0) expect(priceOf([product], [item]).total.amount).toBe(price);
        else expect(() => priceOf([product], [item])).toThrow(refusal('price_changed'));
      },
    ),
  );
});

test('a total that JSON cannot carry exactly is refused', () => {
  const dear = aProduct({ price: Number.MAX_SAFE_INTEGER });
  const cheap = aProduct({ price: 1 });
  const one = { productId: dear.id, quantity: 1 };
  expect(priceOf([dear], [one]).total.amount).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => priceOf([dear], [{ ...one, quantity: 2 }])).toThrow(refusal('invalid_request'));
  expect(() => priceOf([dear, cheap], [one, { productId: cheap.id, quantity: 1 }])).toThrow(
    refusal('invalid_request'),
  );
});
