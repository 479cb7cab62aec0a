import type { ProductView } from '@orderflow/contracts/http/catalogue';
import type { NotificationView } from '@orderflow/contracts/http/notifications';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, newCustomer } from './accounts.ts';
import type { Api } from './api.ts';
import type { Ledgers } from './ledgers.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';

let system: TestSystem;
let ledgers: Ledgers;

beforeAll(async () => {
  system = await startTestSystem();
  ledgers = system.ledgers;
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const gateway = () => system.urls.gateway!;

/** Waits until the order service knows a product too. */
async function knownToOrders(created: Promise<ProductView>): Promise<ProductView> {
  const product = await created;
  await eventually(async () =>
    expect(await ledgers.rows('order', 'SELECT 1 FROM products WHERE id = $1', [product.id])).toHaveLength(1),
  );
  return product;
}

const product = async (stock: number) => (await knownToOrders(system.api.createProduct(stock))).id;

const becomes = (orderId: string, changes: Partial<OrderView>) =>
  eventually(async () => expect(await system.api.order(orderId)).toMatchObject(changes));

const messagesAbout = async (orderId: string, api: Pick<Api, 'must'>) =>
  (await api.must<{ items: NotificationView[] }>('GET', `/api/notifications?orderId=${orderId}`)).items;

const booksAreRight = () =>
  eventually(async () => expect(await ledgers.violations()).toEqual([]), { timeoutMs: 20_000 });

test('a guest orders by the plain interface, and reads it paid, with every service in the timeline', async () => {
  const id = await product(5);
  const placed = await system.nobody.call<{ order_id: string; total: number }>('POST', '/orders', {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: id, quantity: 2, price: 29.99 }],
  });
  expect(placed.status).toBe(201);
  expect(placed.body.total).toBe(59.98);
  const orderId = placed.body.order_id;
  await eventually(async () =>
    expect(await system.nobody.must('GET', `/orders/${orderId}`)).toMatchObject({
      order_id: orderId,
      status: 'PAID',
    }),
  );
  await eventually(async () => {
    const { events } = await system.api.timeline(orderId);
    expect(new Set(events.map((event) => event.source))).toEqual(
      new Set(['order', 'inventory', 'payment', 'notification', 'customer']),
    );
    expect(new Set(events.map((event) => event.correlationId)).size).toBe(1);
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining([
        'order.placed',
        'inventory.reserved',
        'order.confirmed',
        'payment.captured',
        'order.paid',
        'notification.sent',
      ]),
    );
  });
  const stock = await system.nobody.must<{ product_id: string; quantity: number; reserved: number }[]>(
    'GET',
    '/inventory',
  );
  expect(stock.find((row) => row.product_id === id)).toMatchObject({ quantity: 3, reserved: 2 });
  await booksAreRight();
});

test('a seller confirms, the customer pays later by card, the seller ships: stock goes from 10 to 8', async () => {
  const seller = await logIn(gateway(), 'seller@orderflow.io', 'Seller123!');
  const customer = await newCustomer(gateway(), system.internalToken);
  const sellerId = seller.account.sellerId!;
  await seller.must('PUT', `/api/sellers/${sellerId}/settings`, { confirmation: 'seller' });
  const { id } = await knownToOrders(seller.createProduct(10, { sellerId }));
  const { body: order } = await customer.placeOrder(id, { quantity: 2 });
  expect(order.status).toBe('PENDING');
  expect((await seller.call('POST', `/api/orders/${order.id}/ship`)).status).toBe(409);

  await seller.must('POST', `/api/orders/${order.id}/confirm`);
  await becomes(order.id, { status: 'CONFIRMED', paymentStatus: 'DUE' });
  expect((await system.api.product(id)).stock).toMatchObject({ onHand: 10, reserved: 2, available: 8 });

  const card = { number: '4242 4242 4242 4242', expMonth: 12, expYear: 2034, cvc: '123' };
  const paying = await eventually(async () => {
    const answer = await customer.call('POST', `/api/orders/${order.id}/pay`, { card });
    expect(answer.status).toBe(202);
    return answer;
  });
  expect(JSON.stringify(paying.body)).not.toContain('4242424242424242');
  await becomes(order.id, { status: 'PAID', paymentStatus: 'CAPTURED' });

  await seller.must('POST', `/api/orders/${order.id}/ship`, { trackingNumber: 'T-1' });
  await becomes(order.id, { status: 'SHIPPED', trackingNumber: 'T-1' });
  await eventually(async () =>
    expect((await system.api.product(id)).stock).toMatchObject({
      onHand: 8,
      reserved: 0,
      available: 8,
      shipped: 2,
    }),
  );
  await seller.must('POST', `/api/orders/${order.id}/fulfill`);
  await becomes(order.id, { status: 'FULFILLED' });
  expect((await customer.call('POST', `/api/orders/${order.id}/cancel`)).status).toBe(409);
  await eventually(async () =>
    expect((await messagesAbout(order.id, customer)).map((message) => message.template).sort()).toEqual([
      'order-confirmed',
      'order-fulfilled',
      'order-paid',
      'order-placed',
      'order-shipped',
    ]),
  );
  await booksAreRight();
});

test('a declined card cancels the order, puts the stock back and tells the customer once', async () => {
  const id = await product(3);
  const customer = await newCustomer(gateway(), system.internalToken);
  const { body: order } = await customer.placeOrder(id, { quantity: 3 });
  await becomes(order.id, { status: 'CONFIRMED' });
  const card = { number: '4000 0000 0000 0002', expMonth: 12, expYear: 2034, cvc: '123' };
  await eventually(async () =>
    expect((await customer.call('POST', `/api/orders/${order.id}/pay`, { card })).status).toBe(202),
  );
  await becomes(order.id, {
    status: 'CANCELLED',
    cancelReason: 'payment_declined',
    paymentStatus: 'DECLINED',
  });
  await eventually(async () =>
    expect((await system.api.product(id)).stock).toMatchObject({ onHand: 3, reserved: 0, available: 3 }),
  );
  await eventually(async () => {
    const cancellations = (await messagesAbout(order.id, customer)).filter(
      (message) => message.template === 'order-cancelled',
    );
    expect(cancellations).toMatchObject([{ channel: 'email', status: 'SENT' }]);
  });
  await booksAreRight();
});

test('a paid order that is cancelled is refunded once and its stock released', async () => {
  const id = await product(4);
  const customer = await newCustomer(gateway(), system.internalToken);
  const { body: order } = await customer.placeOrder(id, { paymentMethod: 'pm_card_visa' });
  await becomes(order.id, { status: 'PAID' });
  const cancels = await Promise.all(
    [1, 2, 3].map(() => customer.call('POST', `/api/orders/${order.id}/cancel`)),
  );
  expect(cancels.map((answer) => answer.status).sort()).toEqual([200, 409, 409]);
  await becomes(order.id, {
    status: 'CANCELLED',
    cancelReason: 'cancelled_by_customer',
    paymentStatus: 'REFUNDED',
  });
  await eventually(async () =>
    expect((await system.api.product(id)).stock).toMatchObject({ onHand: 4, reserved: 0 }),
  );
  await booksAreRight();
});

test('a free order is paid at once without a card, and cancelled without a refund', async () => {
  const { id } = await knownToOrders(system.api.createProduct(4, { amount: 0 }));
  const customer = await newCustomer(gateway(), system.internalToken);
  const { body: order } = await customer.placeOrder(id, { quantity: 2 });
  await becomes(order.id, { status: 'PAID', paymentStatus: 'CAPTURED' });
  await customer.must('POST', `/api/orders/${order.id}/cancel`);
  await becomes(order.id, { status: 'CANCELLED', paymentStatus: 'REFUNDED' });
  await booksAreRight();
  expect(await ledgers.rows('bank', 'SELECT 1 FROM ledger WHERE reference = $1', [order.id])).toEqual([]);
  const told = await messagesAbout(order.id, customer);
  expect(told.map(({ template }) => template).sort()).toEqual(['order-cancelled', 'order-paid']);
});

test('a hold that runs out unpaid cancels the order and releases the stock', async () => {
  const inventory = system.process('inventory');
  await inventory.stop();
  inventory.start({ env: { RESERVATION_TTL_SECONDS: '1' } });
  await system.ready('inventory');
  const id = await product(2);
  const { body: order } = await system.api.placeOrder(id, { quantity: 2 });
  await becomes(order.id, { status: 'CANCELLED', cancelReason: 'reservation_expired' });
  await eventually(async () =>
    expect((await system.api.product(id)).stock).toMatchObject({ reserved: 0, available: 2 }),
  );
  await inventory.stop();
  inventory.start({ env: { RESERVATION_TTL_SECONDS: '1800' } });
  await system.ready('inventory');
  await booksAreRight();
});

test('two hundred customers race for ten items: ten are served, the others hear that it is out of stock', async () => {
  const id = await product(10);
  const answers = await Promise.all(Array.from({ length: 200 }, () => system.api.placeOrder(id)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
  const ids = answers.map((answer) => answer.body.id);
  await eventually(
    async () => {
      const rows = await ledgers.rows<{ status: string; cancel_reason: string; n: string }>(
        'order',
        'SELECT status, cancel_reason, count(*) AS n FROM orders WHERE id = ANY($1) GROUP BY 1, 2 ORDER BY 1',
        [ids],
      );
      expect(rows).toEqual([
        { status: 'CANCELLED', cancel_reason: 'out_of_stock', n: '190' },
        { status: 'CONFIRMED', cancel_reason: null, n: '10' },
      ]);
    },
    { timeoutMs: 20_000 },
  );
  expect((await system.api.product(id)).stock).toMatchObject({ onHand: 10, reserved: 10, available: 0 });
  await booksAreRight();
}, 60_000);

test('bad input is refused by name, and nothing is written', async () => {
  const id = await product(10);
  const before = (await ledgers.orders()).length;
  const body = (items: unknown) => ({ customer_name: 'Ada', customer_email: 'ada@example.com', items });
  const line = (changes: object) => body([{ product_id: id, quantity: 1, price: 29.99, ...changes }]);
  const cases: [unknown, number][] = [
    [line({ product_id: newId() }), 422],
    ...[0, -1, 1.5, 1e9, '2', null].map((quantity): [unknown, number] => [line({ quantity }), 400]),
    [line({ price: 0.01 }), 409],
    [body([]), 400],
    [body('lamp'), 400],
    [{}, 400],
    [[], 400],
    [{ ...line({}), customer_email: 'nobody' }, 400],
    [{ ...line({}), customer_name: 'x'.repeat(2_000_000) }, 413],
  ];
  for (const [input, status] of cases) {
    const answer = await system.nobody.call<{ code: string; traceId: string }>('POST', '/orders', input);
    expect([answer.status, JSON.stringify(input).slice(0, 100)]).toEqual([
      status,
      JSON.stringify(input).slice(0, 100),
    ]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.traceId).toBeTruthy();
  }
  const broken = await fetch(`${system.urls.gateway}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"customer_name": ',
  });
  expect(broken.status).toBe(400);
  expect((await ledgers.orders()).length).toBe(before);
});

test('no service shows its metrics where strangers ask, and the gateway leads nobody to them', async () => {
  for (const [service, url] of Object.entries(system.urls)) {
    expect([service, (await fetch(`${url}/metrics`)).status]).toEqual([service, 404]);
  }
  const { status, headers } = await fetch(system.metricsUrl('gateway').replace('/metrics', '/livez'));
  expect([status, headers.get('content-type')]).toEqual([404, null]);
});

test('every service answers its probes and shows its metrics', async () => {
  for (const [service, url] of Object.entries(system.urls)) {
    for (const probe of ['livez', 'readyz', 'health', 'healthz']) {
      expect([service, probe, (await fetch(`${url}/${probe}`)).status]).toEqual([service, probe, 200]);
    }
    const metrics = await fetch(system.metricsUrl(service));
    expect(await metrics.text()).toContain(
      `http_server_request_duration_seconds_bucket{le="0.002",service="${service}"`,
    );
  }
});
