import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { orderService } from '../test/harness.ts';

async function shop() {
  const service = await orderService();
  const mug = await service.addProduct({ sku: 'MUG-1', name: 'Mug' });
  const pot = await service.addProduct({
    sku: 'POT-1',
    name: 'Pot',
    price: { amount: 500, currency: 'JPY' },
  });
  const order = (body: object) => service.api.post('/order').send(body);
  const guest = (items: object[]) => ({ customer_name: 'Ada', customer_email: 'ada@example.com', items });
  const placedCount = async () =>
    Number(/orders_placed_total\{service="test"\} (\d+)/.exec(await service.metrics.registry.metrics())![1]);
  return { ...service, mug, pot, order, guest, placedCount };
}

test('a guest’s order by POST /orders is answered in major units and read back by its id', async () => {
  const { api, mug, guest } = await shop();
  const { body } = await api
    .post('/orders')
    .send(guest([{ product_id: mug.productId, quantity: 2, price: 29.99 }]))
    .expect(201);
  expect(body).toEqual({
    order_id: expect.any(String),
    status: 'PENDING',
    total: 59.98,
    message: expect.any(String),
  });
  const read = (await api.get(`/orders/${body.order_id}`).expect(200)).body;
  expect(read).toEqual({
    order_id: body.order_id,
    status: 'PENDING',
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: mug.productId, name: 'Mug', quantity: 2, price: 29.99 }],
    total: 59.98,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect((await api.get('/orders').expect(200)).body).toEqual([read]);
});

test('prices in the plain form follow the currency', async () => {
  const { api, pot, guest } = await shop();
  const item = { product_id: pot.productId, quantity: 3 };
  await api
    .post('/orders')
    .send(guest([{ ...item, price: 5 }]))
    .expect(409);
  const { body } = await api
    .post('/orders')
    .send(guest([{ ...item, price: 500 }]))
    .expect(201);
  expect(body.total).toBe(1500);
});

test.each([
  ['HUF', 299_900, 2999],
  ['IDR', 1_500_000, 15_000],
  ['IQD', 1_500, 1.5],
])('a price in %s has the decimals of ISO 4217: %i is %d', async (currency, amount, price) => {
  const { api, addProduct, guest } = await shop();
  const { productId } = await addProduct({ sku: 'TEA-1', name: 'Tea', price: { amount, currency } });
  const { body } = await api
    .post('/orders')
    .send(guest([{ product_id: productId, quantity: 2, price }]))
    .expect(201);
  expect(body.total).toBe(2 * price);
});

test('POST /order finds the product by name or SKU, and the caller’s id finds the order', async () => {
  const { order, api, told } = await shop();
  expect((await order({ order_id: 'A-1', item: 'Mug', quantity: 1 }).expect(202)).body).toEqual({
    order_id: 'A-1',
    status: 'PENDING',
    total: 29.99,
    message: expect.stringContaining('/orders/A-1'),
  });
  await order({ order_id: 'A-2', item: 'MUG-1', quantity: 1 }).expect(202);
  expect((await api.get('/orders/A-1').expect(200)).body).toMatchObject({ order_id: 'A-1', total: 29.99 });
  expect((await told()).map(({ type }) => type)).toEqual([
    'order.placed',
    'order.confirmation-requested',
    'order.placed',
    'order.confirmation-requested',
  ]);
});

test('POST /order with the same id places one order, counts it once, and gives it again', async () => {
  const { order, written, placedCount } = await shop();
  const body = { order_id: 'A-1', item: 'Mug', quantity: 1 };
  const answers = await Promise.all([order(body), order(body), order({ ...body, item: 'MUG-1' })]);
  answers.push(await order(body));
  for (const answer of answers) {
    expect([answer.status, answer.body.order_id, answer.body.total]).toEqual([202, 'A-1', 29.99]);
  }
  expect(await written()).toEqual({ orders: 1, items: 1, events: 2 });
  expect(await placedCount()).toBe(1);
});

test('POST /order with the id of another item or quantity is a conflict and changes nothing', async () => {
  const { order, written, placedCount } = await shop();
  await order({ order_id: 'A-1', item: 'Mug', quantity: 1 }).expect(202);
  for (const other of [{ item: 'Pot' }, { quantity: 2 }]) {
    const { body } = await order({ order_id: 'A-1', item: 'Mug', quantity: 1, ...other }).expect(409);
    expect(body.code).toBe('conflict');
  }
  expect(await written()).toEqual({ orders: 1, items: 1, events: 2 });
  expect(await placedCount()).toBe(1);
});

test('POST /order gives its order again when the product was renamed or withdrawn since', async () => {
  const { order, mug, addProduct } = await shop();
  const body = { order_id: 'A-1', item: 'Mug', quantity: 1 };
  await order(body).expect(202);
  await addProduct({ ...mug, sku: 'CUP-1', name: 'Cup', active: false }, 2);
  await order(body).expect(202);
  expect((await order({ ...body, order_id: 'A-2' }).expect(422)).body.code).toBe('unknown_product');
});

test('POST /order with the id of an order that was placed in another way is a conflict too', async () => {
  const { api, order, mug, guest, written } = await shop();
  const items = [{ product_id: mug.productId, quantity: 7 }];
  const { order_id } = (await api.post('/orders').send(guest(items)).expect(201)).body;
  await order({ order_id, item: 'Mug', quantity: 1 }).expect(409);
  await order({ order_id, item: 'Mug', quantity: 7 }).expect(202);
  expect(await written()).toEqual({ orders: 1, items: 1, events: 2 });
});

test.each([
  ['an unknown product', { item: 'Spoon' }, 422],
  ['no quantity', { quantity: undefined }, 400],
  ['a quantity of none', { quantity: 0 }, 400],
  ['an empty id', { order_id: '' }, 400],
  ['an id that Postgres cannot keep', { order_id: 'A\u0000' }, 400],
  ['an id that is a number', { order_id: 1 }, 400],
])('POST /order with %s is refused and nothing is written', async (_name, changes, status) => {
  const { order, written } = await shop();
  await order({ order_id: 'A-1', item: 'Mug', quantity: 1, ...changes }).expect(status);
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});

test.each([newId(), 'A-1', '%00', 'x'.repeat(500)])('GET /orders/%s is not found', async (id) => {
  const { api } = await shop();
  expect((await api.get(`/orders/${id}`).expect(404)).body.code).toBe('not_found');
});

test('an address that is not a URL is a bad request', async () => {
  const { api } = await shop();
  await api.get('/orders/%E0%A4%A').expect(400);
});
