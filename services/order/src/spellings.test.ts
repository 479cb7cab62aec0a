import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { orderService } from '../test/harness.ts';
import { madeUpKey, orderIdIn } from './made-up-key.ts';

test('one key places one order, however the address is spelled', async () => {
  const { by, addProduct, written } = await orderService();
  const items = [{ productId: (await addProduct()).productId, quantity: 1 }];
  const customer = by({ ...(await as.customer()), 'idempotency-key': newId() });
  const answers = [];
  for (const path of ['/api/orders', '/api/orders/', '/API/Orders']) {
    answers.push((await customer.post(path).send({ items }).expect(201)).body.id);
  }
  expect(new Set(answers).size).toBe(1);
  expect(await written()).toMatchObject({ orders: 1 });
});

test('one key places one order of a guest, at whichever address that takes one', async () => {
  const { by, addProduct, written } = await orderService();
  const { productId, name } = await addProduct();
  const guest = by({ 'idempotency-key': newId() });
  const form = {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: productId, quantity: 1 }],
  };
  for (const path of ['/orders', '/Orders/', '/api/orders', '/orders']) {
    const { body } = await guest.post(path).send(form).expect(201);
    expect(body).toMatchObject({ order_id: expect.any(String), total: 29.99 });
  }
  const one = { order_id: 'A-1', item: name, quantity: 1 };
  expect((await guest.post('/order').send(one).expect(422)).body.code).toBe('idempotency_key_reused');
  expect(await written()).toMatchObject({ orders: 1 });
});

test('POST /order takes a key beside its own id', async () => {
  const { by, addProduct, written } = await orderService();
  const { name: item } = await addProduct();
  const guest = by({ 'idempotency-key': newId() });
  const order = (order_id: string, quantity = 1) => guest.post('/order').send({ order_id, item, quantity });
  await order('A-1').expect(202);
  await order('A-1').expect(202);
  await order('A-2').expect(422);
  expect(await written()).toMatchObject({ orders: 1 });
});

test('a move in another spelling gets the first answer', async () => {
  const { api, addProduct } = await orderService();
  const items = [{ productId: (await addProduct()).productId, quantity: 1 }];
  const customer = { name: 'Ada', email: 'ada@example.com' };
  const { id } = (await api.post('/api/orders').send({ customer, items }).expect(201)).body;
  const key = newId();
  for (const path of [`/api/orders/${id}/cancel`, `/API/orders/${id.toUpperCase()}/Cancel/`]) {
    await api.post(path).set('idempotency-key', key).send({}).expect(200);
  }
});

test('a key that the last release made up for the address as it was spelled still names its order', () => {
  const orderId = newId();
  const identity = { scope: 'guest POST /api/orders', fingerprint: 'the-body' };
  const spelled = { ...identity, spelledScope: 'guest POST /orders' };
  const ofTheLast = madeUpKey('secret', { ...identity, scope: spelled.spelledScope }, orderId);
  expect(orderIdIn('secret', { ...spelled, key: ofTheLast })).toBe(orderId);
  expect(orderIdIn('secret', { ...spelled, key: madeUpKey('secret', spelled, orderId) })).toBe(orderId);
  expect(() => orderIdIn('secret', { ...identity, key: ofTheLast })).toThrow('made up for another request');
});
