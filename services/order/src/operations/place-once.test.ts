import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../../test/harness.ts';

async function shop() {
  const service = await orderService();
  const { by, addProduct } = service;
  const { productId } = await addProduct();
  const ada = by(await as.customer(aCustomer.email));
  const body = { items: [{ productId, quantity: 1 }] };
  const place = (key: string, sent: object = body, customer = ada) =>
    customer.post('/api/orders').set('idempotency-key', key).send(sent);
  return { ...service, place, body, productId };
}

const oneOrder = { orders: 1, items: 1, events: 2 };

test('a hundred requests at once with one key place one order, and all later ones get its answer', async () => {
  const { place, written, replica, body, metrics } = await shop();
  const headers = await as.customer('grace@example.com');
  const [here, there] = await Promise.all([(await replica()).by(headers), (await replica()).by(headers)]);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => place('k-1', body, i % 2 === 0 ? here : there)),
  );
  const placed = answers.filter(({ status }) => status === 201);
  const waiting = answers.filter(({ status }) => status === 409);
  expect(placed.length).toBeGreaterThan(0);
  expect(placed.length + waiting.length).toBe(100);
  expect(new Set(placed.map(({ text }) => text)).size).toBe(1);
  expect(new Set(waiting.map((answer) => answer.body.code))).toEqual(
    new Set(waiting.length > 0 ? ['request_in_progress'] : []),
  );
  expect(await written()).toEqual(oneOrder);

  const again = await place('k-1', body, here).expect(201);
  expect(again.text).toBe(placed[0]!.text);
  expect(again.headers).toMatchObject({ location: `/api/orders/${again.body.id}`, etag: '"1"' });
  expect(await written()).toEqual(oneOrder);
  expect(await metrics.registry.metrics()).not.toContain('orders_placed_total{service="test"} 1');
});

test('the first answer is given also when the order has moved on', async () => {
  const { place, api } = await shop();
  const first = await place('k-1').expect(201);
  await api.post(`/api/orders/${first.body.id}/cancel`).expect(200);
  expect((await place('k-1').expect(201)).text).toBe(first.text);
});

test('a key with another body is refused, and is another key for somebody else', async () => {
  const { place, productId, written, by, body } = await shop();
  await place('k-1').expect(201);
  const other = await place('k-1', { items: [{ productId, quantity: 2 }] }).expect(422);
  expect(other.body.code).toBe('idempotency_key_reused');
  expect(await written()).toEqual(oneOrder);
  await place('k-1', body, by(await as.customer('grace@example.com'))).expect(201);
  expect(await written()).toEqual({ orders: 2, items: 2, events: 4 });
});

test('a refused order leaves its key free', async () => {
  const { place, addProduct, written, db } = await shop();
  const productId = newId();
  const wanted = { items: [{ productId, quantity: 1 }] };
  await place('k-1', wanted).expect(422);
  expect(await db.query('SELECT 1 FROM messaging.idempotency_key')).toEqual([]);
  await addProduct({ productId });
  await place('k-1', wanted).expect(201);
  expect(await written()).toEqual(oneOrder);
});

test('orders with keys, without, refused and repeated share their transactions and get each its own answer', async () => {
  const { place, api, db, productId, written } = await shop();
  const order = (quantity: number) => ({ customer: aCustomer, items: [{ productId, quantity }] });
  await place('k-0').expect(201);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => {
      if (i % 4 === 0) return place('k-0');
      if (i % 4 === 1) return place(`k-${i}`, { items: [{ productId, quantity: i + 1 }] });
      if (i % 4 === 2) return api.post('/api/orders').send(order(i + 1));
      return place(`k-${i}`, { items: [{ productId: newId(), quantity: 1 }] });
    }),
  );
  for (const [i, { status, body }] of answers.entries()) {
    // Two repetitions in one batch meet each other.
    if (i % 4 === 0) expect([201, 409]).toContain(status);
    else expect([i, status]).toEqual([i, i % 4 === 3 ? 422 : 201]);
    if (i % 4 === 1 || i % 4 === 2) expect(body.items[0].quantity).toBe(i + 1);
  }
  expect(await written()).toEqual({ orders: 31, items: 31, events: 62 });
  expect(await db.query('SELECT count(*) AS n FROM messaging.idempotency_key')).toEqual([{ n: 16 }]);
});

test('a guest’s order takes a key too, one for both addresses', async () => {
  const { nobody, productId, written } = await shop();
  const guest = {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: productId, quantity: 1 }],
  };
  const place = (path: string) => nobody.post(path).set('idempotency-key', 'k-1').send(guest).expect(201);
  const first = await place('/api/orders');
  for (const path of ['/api/orders', '/orders']) expect((await place(path)).text).toBe(first.text);
  expect(await written()).toEqual({ orders: 1, items: 1, events: 2 });
});
