import { newId } from '@orderflow/contracts/ids';
import { expect, test, vi } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

/** The service, and a way to know that it has looked for products without success. */
async function anOrderService() {
  const service = await orderService();
  const transactions = vi.spyOn(service.db, 'transaction');
  const looks = vi.spyOn(service.prisma.product, 'findFirst');
  const lookedOnce = async () => {
    await vi.waitFor(() => expect(transactions.mock.calls.length + looks.mock.calls.length).toBe(1));
    await (transactions.mock.results[0] ?? looks.mock.results[0])!.value;
  };
  return { ...service, lookedOnce };
}

test('an order that is faster than the event of its new product waits for it', async () => {
  const { api, addProduct, lookedOnce, written } = await anOrderService();
  const productId = newId();
  const placing = api.post('/api/orders').send({ customer: aCustomer, items: [{ productId, quantity: 1 }] });
  const answer = placing.then(({ status }) => status);
  await lookedOnce();
  await addProduct({ productId });
  expect(await answer).toBe(201);
  expect(await written()).toMatchObject({ orders: 1 });
});

test('so does an order by the name of a product', async () => {
  const { nobody, addProduct, lookedOnce } = await anOrderService();
  const placing = nobody.post('/order').send({ order_id: 'A-1', item: 'Cup', quantity: 1 });
  const answer = placing.then(({ status }) => status);
  await lookedOnce();
  await addProduct({ name: 'Cup' });
  expect(await answer).toBe(202);
});

test('a product that does not come is unknown soon, and the answer says when to try again', async () => {
  const { api, nobody, written } = await anOrderService();
  const items = [{ productId: newId(), quantity: 1 }];
  const asked = performance.now();
  for (const refused of [
    await api.post('/api/orders').send({ customer: aCustomer, items }).expect(422),
    await nobody.post('/order').send({ order_id: 'A-1', item: 'Cup', quantity: 1 }).expect(422),
  ]) {
    expect(refused.body).toMatchObject({
      code: 'unknown_product',
      detail: expect.stringContaining('try again'),
    });
    expect(refused.headers['retry-after']).toBe('1');
  }
  // Each waits for less than a second; the bound leaves room for a slow machine.
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});

test.each(['0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10', '6e0b3f1e-6d3c-4f6e-9a55-0a3a2f6e9d11'])(
  'a product that cannot be new, as %s, is unknown at once',
  async (productId) => {
    const { api, db } = await anOrderService();
    const body = { customer: aCustomer, items: [{ productId, quantity: 1 }] };
    const refused = await api.post('/api/orders').send(body).expect(422);
    expect(refused.headers).not.toHaveProperty('retry-after');
    expect(db.transaction).toHaveBeenCalledTimes(1);
  },
);
