import type { EventType } from '@orderflow/contracts/events';
import { orderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import type { OrderStatus } from '@orderflow/contracts/order';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, accountIn, orderService } from '../test/harness.ts';

/** The service with one order in it; `at` puts the order where a test needs it. */
async function orderAt(status: OrderStatus, { confirmation = 'automatic' as 'automatic' | 'seller' } = {}) {
  const service = await orderService();
  const { api, addProduct, db } = service;
  const tokens = { customer: await as.customer(aCustomer.email), seller: await as.seller('seller-1') };
  const { productId } = await addProduct();
  await api.put('/api/sellers/seller-1/settings').send({ confirmation }).expect(200);
  const items = [{ productId, quantity: 2 }];
  const { body } = await api.post('/api/orders').send({ customer: aCustomer, items }).expect(201);
  if (status !== 'PENDING') {
    await db.query('UPDATE orders SET status = $1, cancel_reason = $2', [
      status,
      status === 'CANCELLED' ? 'out_of_stock' : null,
    ]);
  }
  const url = `/api/orders/${body.id}`;
  const news = async () =>
    (await service.told(body.id))
      .slice(confirmation === 'automatic' ? 2 : 1)
      .map(({ type, sequence, actor, data }) => ({
        type,
        sequence,
        actor,
        data,
      }));
  return { ...service, tokens, id: body.id as string, url, items, news };
}

test('an order whose seller confirms by hand waits for it, and its items are asked for once', async () => {
  const { api, url, items, id, told, news } = await orderAt('PENDING', { confirmation: 'seller' });
  expect((await api.get(url)).body).toMatchObject({ confirmation: 'seller', confirmationRequested: false });
  expect((await told(id)).map(({ type }) => type)).toEqual(['order.placed']);

  const { body } = await api.post(`${url}/confirm`).expect(200);
  expect(body).toMatchObject({ status: 'PENDING', confirmationRequested: true, version: 2 });
  const [placed] = await told(id);
  expect(await news()).toEqual([
    {
      type: 'order.confirmation-requested',
      sequence: 2,
      actor: 'system',
      data: { orderId: id, items, previousStatus: 'PENDING', status: 'PENDING' },
    },
  ]);
  expect((await told(id))[1]!.correlationid).toBe(placed!.correlationid);

  const again = await api.post(`${url}/confirm`).expect(409);
  expect(again.body).toMatchObject({ code: 'illegal_move' });
  expect(await news()).toHaveLength(1);
});

test('two sellers’ clicks at once ask for the items once', async () => {
  const { api, url, news } = await orderAt('PENDING', { confirmation: 'seller' });
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.post(`${url}/confirm`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
  expect(await news()).toHaveLength(1);
});

test('a seller’s setting is automatic until it is set, and holds for that seller only', async () => {
  const { api } = await orderService();
  const settingOf = async (id: string) => (await api.get(`/api/sellers/${id}/settings`).expect(200)).body;
  expect(await settingOf('a')).toEqual({ confirmation: 'automatic' });
  await api.put('/api/sellers/a/settings').send({ confirmation: 'seller' }).expect(200);
  await api.put('/api/sellers/a/settings').send({ confirmation: 'seller' }).expect(200);
  await api.put('/api/sellers/a/settings').send({ confirmation: 'never' }).expect(400);
  expect(await settingOf('a')).toEqual({ confirmation: 'seller' });
  expect(await settingOf('b')).toEqual({ confirmation: 'automatic' });
  await api.get('/api/sellers/%00/settings').expect(400);
});

test.each<[OrderStatus, string, object, object, EventType, 'customer' | 'seller', object]>([
  [
    'PENDING',
    'cancel',
    { message: 'too late' },
    { status: 'CANCELLED', cancelReason: 'cancelled_by_customer', message: 'too late' },
    'order.cancelled',
    'customer',
    { reason: 'cancelled_by_customer', message: 'too late' },
  ],
  [
    'CONFIRMED',
    'cancel',
    {},
    { status: 'CANCELLED', message: null },
    'order.cancelled',
    'customer',
    { reason: 'cancelled_by_customer' },
  ],
  [
    'PAID',
    'cancel',
    {},
    { status: 'CANCELLED' },
    'order.cancelled',
    'customer',
    { reason: 'cancelled_by_customer' },
  ],
  [
    'PAID',
    'ship',
    { trackingNumber: 'T-1' },
    { status: 'SHIPPED', trackingNumber: 'T-1' },
    'order.shipped',
    'seller',
    { trackingNumber: 'T-1' },
  ],
  ['PAID', 'ship', {}, { status: 'SHIPPED', trackingNumber: null }, 'order.shipped', 'seller', {}],
  ['SHIPPED', 'fulfill', {}, { status: 'FULFILLED' }, 'order.fulfilled', 'seller', {}],
])(
  'an order that is %s takes POST …/%s %j, and the others are told',
  async (status, move, sent, view, type, who, data) => {
    const { api, by, tokens, url, id, news, metrics } = await orderAt(status);
    const { body } = await by(tokens[who]).post(`${url}/${move}`).send(sent).expect(200);
    expect(body).toMatchObject({ ...view, version: 2 });
    expect((await api.get(url)).body).toEqual(body);
    const moved = { previousStatus: status, status: body.status };
    expect(await news()).toEqual([
      {
        type,
        sequence: 3,
        actor: `${who}:${accountIn(tokens[who])}`,
        data: { orderId: id, ...data, ...moved },
      },
    ]);
    expect(await metrics.registry.metrics()).toContain(
      `order_moves_total{to="${body.status}",reason="${body.cancelReason ?? ''}",service="test"} 1`,
    );
  },
);

test.each<[OrderStatus, object, object, EventType, 'customer' | 'seller']>([
  [
    'PENDING',
    { status: 'CONFIRMED' },
    { status: 'PENDING', confirmationRequested: true },
    'order.confirmation-requested',
    'seller',
  ],
  ['PAID', { status: 'SHIPPED' }, { status: 'SHIPPED' }, 'order.shipped', 'seller'],
  ['SHIPPED', { status: 'FULFILLED' }, { status: 'FULFILLED' }, 'order.fulfilled', 'seller'],
  [
    'PAID',
    { status: 'CANCELLED', message: 'broken' },
    { status: 'CANCELLED', cancelReason: 'cancelled_by_seller', message: 'broken' },
    'order.cancelled',
    'seller',
  ],
])('an order that is %s takes PUT …/status %j', async (status, sent, view, type, who) => {
  const { by, tokens, url, news } = await orderAt(status, { confirmation: 'seller' });
  const { body } = await by(tokens[who]).put(`${url}/status`).send(sent).expect(200);
  expect(body).toMatchObject(view);
  expect(await news()).toMatchObject([{ type, actor: `${who}:${accountIn(tokens[who])}`, sequence: 2 }]);
});

test.each<[OrderStatus, 'post' | 'put', string, object]>([
  ['PENDING', 'post', 'ship', {}],
  ['CONFIRMED', 'post', 'fulfill', {}],
  ['SHIPPED', 'post', 'cancel', {}],
  ['FULFILLED', 'post', 'cancel', {}],
  ['CANCELLED', 'post', 'cancel', {}],
  ['CANCELLED', 'post', 'confirm', {}],
  ['PENDING', 'put', 'status', { status: 'PAID' }],
  ['CONFIRMED', 'put', 'status', { status: 'PENDING' }],
  ['CONFIRMED', 'put', 'status', { status: 'CONFIRMED' }],
  ['PENDING', 'put', 'status', { status: 'SHIPPED' }],
])(
  'an order that is %s refuses %s …/%s %j, stays as it is, and nobody hears of it',
  async (status, method, path, sent) => {
    const { api, url, news } = await orderAt(status);
    const before = (await api.get(url)).body;
    const { body } = await api[method](`${url}/${path}`).send(sent).expect(409);
    expect(body).toMatchObject({ code: 'illegal_move' });
    expect((await api.get(url)).body).toEqual(before);
    expect(await news()).toEqual([]);
  },
);

const unknown = newId();

test.each<['get' | 'post' | 'put', string, object]>([
  ['get', `/api/orders/${unknown}`, {}],
  ['get', '/api/orders/1', {}],
  ['post', `/api/orders/${unknown}/confirm`, {}],
  ['post', `/api/orders/${unknown}/cancel`, {}],
  ['post', '/api/orders/1/cancel', {}],
  ['put', `/api/orders/${unknown}/status`, { status: 'SHIPPED' }],
  ['put', `/api/orders/${unknown}/status`, { status: 'PAID' }],
])('%s %s %j of an order that does not exist is not found', async (method, path, sent) => {
  const { api } = await orderService();
  const { body } = await api[method](path).send(sent).expect(404);
  expect(body.code).toBe('not_found');
});

test('bad bodies of moves are refused and change nothing', async () => {
  const { api, url, news } = await orderAt('PAID');
  await api.post(`${url}/ship`).send({ trackingNumber: '' }).expect(400);
  await api.post(`${url}/ship`).send({ trackingNumber: 'T\u0000' }).expect(400);
  await api.post(`${url}/cancel`).send({ reason: 'because' }).expect(400);
  await api.put(`${url}/status`).send({ status: 'LOST' }).expect(400);
  await api.put(`${url}/status`).expect(400);
  expect(await news()).toEqual([]);
});

test('an order is found by its id in upper case too, and moved by it', async () => {
  const { api, id } = await orderAt('PAID');
  await api.post(`/api/orders/${id.toUpperCase()}/ship`).expect(200);
  expect((await api.get(`/api/orders/${id.toUpperCase()}`).expect(200)).body.id).toBe(id);
});

test('who has an order already is told so instead of getting it again, until it changes', async () => {
  const { api, url } = await orderAt('PAID');
  const { headers } = await api.get(url).expect(200);
  const ifNew = () => api.get(url).set('if-none-match', headers.etag!);
  await ifNew().expect(304);
  await api.post(`${url}/ship`).expect(200);
  expect((await ifNew().expect(200)).headers.etag).not.toBe(headers.etag);
});

async function manyOrders(n: number) {
  const service = await orderService();
  const { productId } = await service.addProduct();
  const place = async (email = aCustomer.email): Promise<string> => {
    const order = { customer: { ...aCustomer, email }, items: [{ productId, quantity: 1 }] };
    return (await service.api.post('/api/orders').send(order).expect(201)).body.id;
  };
  const ids: string[] = [];
  for (let i = 0; i < n; i++) ids.unshift(await place());
  const list = async (query: object) => {
    const { body } = await service.api.get('/api/orders').query(query).expect(200);
    return { ids: body.items.map((order: { id: string }) => order.id), next: body.nextCursor };
  };
  return { ...service, place, ids, list };
}

test('a list is walked newest first by its cursor, whatever is placed meanwhile', async () => {
  const { list, ids, place } = await manyOrders(5);
  const first = await list({ limit: 2 });
  await place();
  const second = await list({ limit: 2, cursor: first.next });
  await place();
  const third = await list({ limit: 2, cursor: second.next });
  expect([first.ids, second.ids, third.ids]).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  expect(third.next).toBeNull();
  expect((await list({ limit: 7 })).next).toBeNull();
});

test('a list holds the orders of a customer, or of a status, or of both', async () => {
  const { api, list, ids, place } = await manyOrders(2);
  const others = await place('grace@example.com');
  await api.post(`/api/orders/${others}/cancel`).expect(200);
  const { customer } = (await api.get(`/api/orders/${others}`)).body;
  expect((await list({ customerId: customer.id })).ids).toEqual([others]);
  expect((await list({ status: 'CANCELLED' })).ids).toEqual([others]);
  expect((await list({ status: 'PENDING' })).ids).toEqual(ids);
  expect((await list({ status: 'PENDING', customerId: customer.id })).ids).toEqual([]);
});

test.each([
  'limit=0',
  'limit=201',
  'limit=x',
  'status=LOST',
  'customerId=1',
  'cursor=made-up',
  'status=PAID&status=PENDING',
])('a list with %s is refused', async (query) => {
  const { api } = await orderService();
  const { body } = await api.get(`/api/orders?${query}`).expect(400);
  expect(body.code).toBe('invalid_request');
});

test('the answer to a customer without a phone is the order as it is read later, field by field', async () => {
  const { by, addProduct } = await orderService();
  const { productId } = await addProduct();
  const ada = by(await as.customer(aCustomer.email));
  const placed = await ada
    .post('/api/orders')
    .send({ items: [{ productId, quantity: 1 }] })
    .expect(201);
  expect(placed.body).toEqual(orderView.parse(placed.body));
  expect(placed.body.customer.phone).toBeNull();
  expect((await ada.get(`/api/orders/${placed.body.id}`).expect(200)).body).toEqual(placed.body);
});
