import { problem } from '@orderflow/contracts/errors';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });

test('a full form with the prices that the buyer saw is taken while they are those of the catalogue', async () => {
  const { api, by, addProduct, told } = await orderService();
  const { productId } = await addProduct({ price: eur(2999) });
  for (const price of [eur(2999), 29.99, undefined]) {
    const items = [{ productId, quantity: 2, price }];
    const { body } = await api.post('/api/orders').send({ customer: aCustomer, items }).expect(201);
    expect(body).toMatchObject({ total: eur(5998), items: [{ unitPrice: eur(2999) }] });
    expect((await told(body.id))[1]!.data).toMatchObject({ items: [{ productId, quantity: 2 }] });
    await by(await as.customer())
      .post('/api/orders')
      .send({ items })
      .expect(201);
  }
});

test('other prices are refused with both, of every product that has another, in each form', async () => {
  const { api, nobody, addProduct, written } = await orderService();
  const mug = await addProduct({ name: 'Mug', price: eur(2999) });
  const pot = await addProduct({ name: 'Pot', price: eur(1500) });
  const cup = await addProduct({ name: 'Cup', price: eur(700) });
  const order = (items: object[]) => api.post('/api/orders').send({ customer: aCustomer, items });
  const refused = await order([
    { productId: mug.productId, quantity: 1, price: eur(2800) },
    { productId: cup.productId, quantity: 1, price: eur(700) },
    { productId: pot.productId, quantity: 1, price: { amount: 1500, currency: 'USD' } },
  ]).expect(409);
  expect(problem.parse(refused.body)).toMatchObject({
    code: 'price_changed',
    detail:
      'Mug costs 29.99 EUR, not 28.00 EUR; Pot costs 15.00 EUR, not 15.00 USD. ' +
      'Show the buyer the price of now, then order again.',
    prices: [
      { productId: mug.productId, expected: eur(2800), current: eur(2999) },
      { productId: pot.productId, expected: { amount: 1500, currency: 'USD' }, current: eur(1500) },
    ],
  });
  const guest = {
    customer_name: 'Ada',
    customer_email: aCustomer.email,
    items: [{ product_id: mug.productId, quantity: 1, price: 28 }],
  };
  const ofGuest = await nobody.post('/orders').send(guest).expect(409);
  expect(ofGuest.body.prices).toEqual([
    { productId: mug.productId, expected: eur(2800), current: eur(2999) },
  ]);
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});

test('a copy of the catalogue that lags charges nobody what they did not see', async () => {
  const { api, addProduct, written } = await orderService();
  const { productId } = await addProduct({ price: eur(2999) });
  const items = [{ productId, quantity: 1, price: eur(3500) }];
  const order = () => api.post('/api/orders').send({ customer: aCustomer, items });
  await order().expect(409);
  await addProduct({ productId, price: eur(3500) }, 2);
  expect((await order().expect(201)).body.total).toEqual(eur(3500));
  expect(await written()).toMatchObject({ orders: 1 });
});
