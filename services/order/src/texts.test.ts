import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

const broken = 'Ada\r\n\nYour order is cancelled';
const address = { line1: '1 Lane', city: 'London', postalCode: 'N1', country: 'GB' };

test('a name, an address and a number of one line are refused with a line break, in every form', async () => {
  const { api, nobody, addProduct, written } = await orderService();
  const { productId } = await addProduct();
  const full = { customer: aCustomer, items: [{ productId, quantity: 1 }] };
  const guest = {
    customer_name: 'Ada',
    customer_email: aCustomer.email,
    items: [{ product_id: productId, quantity: 1 }],
  };
  const refused = [
    await api.post('/api/orders').send({ ...full, customer: { ...aCustomer, name: broken } }),
    await api.post('/api/orders').send({ ...full, shippingAddress: { ...address, city: broken } }),
    await nobody.post('/api/orders').send({ ...guest, customer_name: broken }),
    await nobody.post('/orders').send({ ...guest, customer_name: broken }),
    await nobody.post('/order').send({ order_id: broken, item: 'Mug', quantity: 1 }),
    await api.post(`/api/orders/${newId()}/ship`).send({ trackingNumber: broken }),
  ];
  for (const { status, body } of refused) {
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.errors.at(-1).message).toContain('one line');
  }
  expect(await written()).toMatchObject({ orders: 0 });
});

test('an address whose top level is in punycode can order, and the others can read of it', async () => {
  const { api, addProduct, told } = await orderService();
  const items = [{ productId: (await addProduct()).productId, quantity: 1 }];
  const customer = { ...aCustomer, email: 'ada@example.xn--p1ai' };
  const { body } = await api.post('/api/orders').send({ customer, items }).expect(201);
  const [placed] = await told(body.id);
  expect(placed).toMatchObject({ type: 'order.placed', data: { customer } });
});

test('a move with a body that is nested too deeply is a bad request, with a key and without', async () => {
  const { api } = await orderService();
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const confirm = () => api.post(`/api/orders/${newId()}/confirm`).type('json');
  for (const request of [confirm(), confirm().set('idempotency-key', newId())]) {
    const { status, body } = await request.send(deep);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
  }
});
