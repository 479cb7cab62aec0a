import { orderView } from '@orderflow/contracts/http/orders';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { isDatabaseUnavailable } from '@orderflow/service-kit/database-errors';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, accountIn, orderService, orderServiceWithoutDatabase } from '../test/harness.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('an order that is placed is answered, kept, told to the others, counted and logged', async () => {
  const { by, db, addProduct, told, metrics, lines } = await orderService();
  const token = await as.customer(aCustomer.email, aCustomer.name);
  const api = by(token);
  const mug = await addProduct();
  const pot = await addProduct({ name: 'Pot', price: { amount: 1001, currency: 'EUR' } });

  const { body, headers } = await api
    .post('/api/orders')
    .set('x-correlation-id', 'thread-1')
    .set('traceparent', traceparent)
    .send({
      customer: { phone: '+4930123456' },
      items: [
        { productId: mug.productId, quantity: 2 },
        { productId: pot.productId, quantity: 1 },
      ],
      shippingAddress: { line1: 'Dorset Street 1', city: 'London', postalCode: 'W1U', country: 'GB' },
      paymentMethod: 'pm_card_visa',
    })
    .expect(201);

  expect(orderView.parse(body)).toEqual(body);
  expect(headers.location).toBe(`/api/orders/${body.id}`);
  expect(headers.etag).toBe('"1"');
  expect(headers['x-correlation-id']).toBe('thread-1');
  expect(body).toMatchObject({
    status: 'PENDING',
    paymentStatus: 'NONE',
    total: { amount: 6999, currency: 'EUR' },
    customer: { id: customerIdOf(aCustomer.email), ...aCustomer, phone: '+4930123456' },
    confirmation: 'automatic',
    confirmationRequested: true,
    version: 1,
  });
  expect((await api.get(headers.location!).expect(200)).body).toEqual(body);

  const items = await db.query('SELECT line, name, quantity, unit_price FROM order_items ORDER BY line');
  expect(items).toEqual([
    { line: 1, name: 'Mug', quantity: 2, unit_price: 2999 },
    { line: 2, name: 'Pot', quantity: 1, unit_price: 1001 },
  ]);

  const events = await told();
  expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
    ['order.placed', 1],
    ['order.confirmation-requested', 2],
  ]);
  for (const event of events) {
    expect(event).toMatchObject({
      subject: body.id,
      orderid: body.id,
      correlationid: 'thread-1',
      traceparent,
      actor: `customer:${accountIn(token)}`,
    });
  }
  expect(events[0]!.data).toMatchObject({
    orderId: body.id,
    total: body.total,
    items: body.items,
    guest: false,
    previousStatus: null,
    status: 'PENDING',
    customer: { id: customerIdOf(aCustomer.email), ...aCustomer, phone: '+4930123456' },
  });
  expect(events[1]!.data).toEqual({
    orderId: body.id,
    items: [
      { productId: mug.productId, quantity: 2 },
      { productId: pot.productId, quantity: 1 },
    ],
    previousStatus: 'PENDING',
    status: 'PENDING',
  });

  const series = await metrics.registry.metrics();
  expect(series).toContain('orders_placed_total{service="test"} 1');
  expect(series).toContain(
    'http_server_request_duration_seconds_count{service="test",method="POST",route="/api/orders",status="201"} 1',
  );
  expect(lines).toContainEqual(
    expect.objectContaining({ correlationId: 'thread-1', method: 'POST', path: '/api/orders', status: 201 }),
  );
});

test('a guest orders by the plain form, is charged to the method of guests, and is known by the address', async () => {
  const { nobody: api, addProduct, told, db } = await orderService();
  const { productId } = await addProduct({ price: { amount: 30, currency: 'EUR' } });
  const { body } = await api
    .post('/api/orders')
    .send({
      customer_name: 'Ada',
      customer_email: 'Ada@Example.com',
      items: [{ product_id: productId.toUpperCase(), quantity: 3, price: 0.1 + 0.2 }],
    })
    .expect(201);
  expect(body).toMatchObject({
    customer: { id: customerIdOf('ada@example.com'), name: 'Ada' },
    total: { amount: 90, currency: 'EUR' },
    items: [{ productId }],
  });
  expect((await told()).map(({ type, actor }) => [type, actor])).toEqual([
    ['order.placed', 'guest'],
    ['order.confirmation-requested', 'guest'],
  ]);
  expect(await db.query('SELECT guest, payment_method FROM orders')).toEqual([
    { guest: true, payment_method: 'pm_card_visa' },
  ]);
});

test('a guest’s order is confirmed by itself even where the seller confirms by hand', async () => {
  const { api, addProduct } = await orderService();
  const { productId } = await addProduct();
  await api.put('/api/sellers/seller-1/settings').send({ confirmation: 'seller' }).expect(200);
  const { body } = await api
    .post('/api/orders')
    .send({
      customer_name: 'Ada',
      customer_email: 'ada@example.com',
      items: [{ product_id: productId, quantity: 1 }],
    })
    .expect(201);
  expect(body).toMatchObject({ confirmation: 'automatic', confirmationRequested: true });
});

const uuid = newId();
const full = (changes: object) => ({
  customer: aCustomer,
  items: [{ productId: uuid, quantity: 1 }],
  ...changes,
});
const guest = (changes: object) => ({
  customer_name: 'Ada',
  customer_email: 'ada@example.com',
  items: [{ product_id: uuid, quantity: 1 }],
  ...changes,
});
const quantity = (quantity: unknown) => full({ items: [{ productId: uuid, quantity }] });

test.each<[name: string, body: object, status: number, code: string, path?: string]>([
  ['a product nobody knows', full({ items: [{ productId: newId(), quantity: 1 }] }), 422, 'unknown_product'],
  ['none of a product', quantity(0), 400, 'invalid_request', 'items.0.quantity'],
  ['less than none', quantity(-1), 400, 'invalid_request', 'items.0.quantity'],
  ['one and a half', quantity(1.5), 400, 'invalid_request', 'items.0.quantity'],
  ['a thousand million', quantity(1e9), 400, 'invalid_request', 'items.0.quantity'],
  ['a quantity in words', quantity('two'), 400, 'invalid_request', 'items.0.quantity'],
  ['no items', full({ items: [] }), 400, 'invalid_request', 'items'],
  ['items that are no list', full({ items: { productId: uuid } }), 400, 'invalid_request', 'items'],
  ['a customer that is text', full({ customer: 'Ada' }), 400, 'invalid_request', 'customer'],
  [
    'an address that is no e-mail',
    full({ customer: { ...aCustomer, email: 'ada' } }),
    400,
    'invalid_request',
    'customer.email',
  ],
  ['a field nobody knows', full({ discount: 100 }), 400, 'invalid_request', ''],
  ['an empty object', {}, 400, 'invalid_request', 'customer'],
  ['a list', [], 400, 'invalid_request', ''],
  [
    'a name with a character that Postgres cannot keep',
    full({ customer: { ...aCustomer, name: 'A\u0000da' } }),
    400,
    'invalid_request',
    'customer.name',
  ],
  [
    'half of a character',
    full({ customer: { ...aCustomer, name: 'A\ud800da' } }),
    400,
    'invalid_request',
    'customer.name',
  ],
  [
    'too many of one product over several lines',
    full({
      items: [
        { productId: uuid, quantity: 9999 },
        { productId: uuid, quantity: 9999 },
      ],
    }),
    400,
    'invalid_request',
  ],
  [
    'another price than the catalogue’s',
    guest({ items: [{ product_id: uuid, quantity: 1, price: 29.98 }] }),
    409,
    'price_changed',
  ],
  [
    'a guest’s price below zero',
    guest({ items: [{ product_id: uuid, quantity: 1, price: -1 }] }),
    400,
    'invalid_request',
    'items.0.price',
  ],
  ['a guest without a name', guest({ customer_name: ' ' }), 400, 'invalid_request', 'customer_name'],
])('an order with %s is refused and nothing is written', async (_name, order, status, code, path) => {
  const { api, addProduct, written } = await orderService();
  await addProduct({ productId: uuid });
  const { body, headers } = await api.post('/api/orders').send(order);
  expect([status, headers['content-type']]).toEqual([body.status, 'application/problem+json; charset=utf-8']);
  expect(body).toMatchObject({
    code,
    type: `urn:orderflow:problem:${code}`,
    traceId: headers['x-correlation-id'],
  });
  if (path !== undefined) expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});

test.each([
  ['nothing', undefined, undefined, 400, 'invalid_request'],
  ['broken JSON', 'application/json', '{"items": [', 400, 'invalid_request'],
  ['JSON that says it is text', 'text/plain', JSON.stringify(full({})), 415, 'unsupported_media_type'],
  ['a form', 'application/x-www-form-urlencoded', 'items=1', 415, 'unsupported_media_type'],
  ['JSON in another alphabet', 'application/json; charset=koi8-r', '{}', 415, 'unsupported_media_type'],
  [
    'two megabytes',
    'application/json',
    JSON.stringify(full({ note: 'x'.repeat(2 << 20) })),
    413,
    'payload_too_large',
  ],
])('a body of %s is refused and nothing is written', async (_name, type, sent, status, code) => {
  const { api, addProduct, written } = await orderService();
  await addProduct({ productId: uuid });
  const request = api.post('/api/orders');
  if (type) request.set('content-type', type);
  const { body } = await request.send(sent);
  expect(body).toMatchObject({ status, code });
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});

test('an error names the fields of the form that was sent, and none of the other', async () => {
  const { api } = await orderService();
  const { body } = await api.post('/api/orders').send(quantity('two')).expect(400);
  expect(body.errors).toEqual([{ path: 'items.0.quantity', message: expect.any(String) }]);
});

test.each([
  ['placing', 'post', '/api/orders', full({})],
  ['reading', 'get', `/api/orders/${uuid}`, undefined],
  ['listing', 'get', '/api/orders', undefined],
  ['cancelling', 'post', `/api/orders/${uuid}/cancel`, {}],
  ['a setting', 'put', '/api/sellers/s/settings', { confirmation: 'seller' }],
] as const)(
  'while the database is down %s is answered with 503 and when to try again',
  async (_name, method, path, body) => {
    const { api } = await orderServiceWithoutDatabase();
    const answer = await api[method](path).send(body);
    expect(answer.body).toMatchObject({ status: 503, code: 'unavailable' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  },
);

test('a session that Postgres ends under Prisma counts as the database being away', async () => {
  const { prisma } = await orderService();
  const killed = prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;
  const error = await killed.catch((error: unknown) => error);
  expect(isDatabaseUnavailable(error)).toBe(true);
  expect(await prisma.order.count()).toBe(0);
});
