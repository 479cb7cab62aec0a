import { operations } from '@orderflow/contracts/api';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, newCustomer } from './accounts.ts';
import { type Api, createApi } from './api.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';

const people = ['nobody', 'customer', 'other customer', 'seller', 'other seller', 'admin'] as const;
type Person = (typeof people)[number];

let system: TestSystem;
let as: Record<Person, Api>;
/** What the routes below speak of: the seller's product, and two of the customer's orders for it. */
const the = {
  product: '',
  order: '',
  cancelled: '',
  payment: '',
  notification: '',
  customer: '',
  seller: '',
  nothing: newId(),
};

beforeAll(async () => {
  system = await startTestSystem();
  const gateway = system.urls.gateway!;
  const seller = await logIn(gateway, 'seller@orderflow.io', 'Seller123!');
  const customer = await newCustomer(gateway, system.internalToken);
  const rival = { email: 'rival@example.com', password: newId() };
  const account = { ...rival, name: 'Rival', role: 'seller', sellerId: 'rival' };
  await system.api.must('POST', '/api/accounts', account);
  as = {
    nobody: system.nobody,
    customer,
    'other customer': await newCustomer(gateway, system.internalToken),
    seller,
    'other seller': await logIn(gateway, rival.email, rival.password),
    admin: await logIn(gateway, 'admin@orderflow.io', 'Admin123!'),
  };
  the.seller = seller.account.sellerId!;
  the.customer = customer.account.customerId!;
  await seller.must('PUT', `/api/sellers/${the.seller}/settings`, { confirmation: 'seller' });
  the.product = (await seller.createProduct(10, { sellerId: the.seller })).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
  the.order = (await customer.placeOrder(the.product)).body.id;
  the.cancelled = (await customer.placeOrder(the.product)).body.id;
  for (const id of [the.order, the.cancelled]) {
    await seller.must('POST', `/api/orders/${id}/confirm`);
    await eventually(async () => expect((await system.api.payment(id)).status).toBe('DUE'));
  }
  await customer.must('POST', `/api/orders/${the.cancelled}/cancel`);
  await eventually(async () => expect((await system.api.payment(the.cancelled)).status).toBe('VOIDED'));
  the.payment = (await system.api.payment(the.order)).id;
  const told = `/api/notifications?orderId=${the.order}`;
  await eventually(async () => {
    const { items } = await system.api.must<{ items: { id: string }[] }>('GET', told);
    the.notification = items[0]!.id;
  });
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const all = (status: number) => [status, status, status, status, status, status];
const product = () => ({
  sku: newId(),
  name: 'Cup',
  price: { amount: 1, currency: 'EUR' },
  sellerId: the.seller,
});
const account = () => ({ name: 'New', email: `${newId()}@example.com`, password: newId(), role: 'admin' });

const person = () => ({ name: 'New', email: `${newId()}@example.com` });
const purchase = () => ({ items: [{ productId: the.product, quantity: 1 }] });
const letters = () => ({ ids: [the.nothing] });
const aCard = { number: '4242424242424242', expMonth: 12, expYear: 2034, cvc: '123' };
const credentials = () => ({ email: `${newId()}@example.com`, password: newId() });
const dryRun = () => ({
  name: 'order-crash',
  spec: {
    hypothesis: 'Nothing comes of it.',
    target: { kind: 'service', service: 'order' },
    fault: { type: 'crash' },
  },
});
const wrongPassword = () => ({ currentPassword: newId(), newPassword: newId() });
const refreshToken = () => ({ refreshToken: newId() });

type Row = [method: string, path: string, statuses: number[], body?: () => object];

// In the order of `people`. Moves are refused with 409 to those who may make them: the order is not there.
const matrix: Row[] = [
  ['GET', '/api/products', all(200)],
  ['GET', '/api/products/{product}', all(200)],
  ['POST', '/api/products', [401, 403, 403, 201, 403, 201], product],
  ['PATCH', '/api/products/{product}', [401, 403, 403, 200, 403, 200], () => ({ name: 'Cup' })],
  ['GET', '/api/inventory', [401, 403, 403, 200, 200, 200]],
  ['GET', '/api/inventory/{product}', [401, 403, 403, 200, 403, 200]],
  ['POST', '/api/inventory/{product}', [401, 403, 403, 200, 403, 200], () => ({ change: 1 })],
  ['GET', '/api/reservations/{order}', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/inventory/{product}/movements', [401, 403, 403, 200, 403, 200]],
  ['PUT', '/api/products/{product}/image', [401, 403, 403, 415, 403, 415], () => ({})],
  ['GET', '/api/products/{product}/image', all(404)],
  ['DELETE', '/api/products/{product}/image', [401, 403, 403, 204, 403, 204]],
  ['POST', '/api/orders', [401, 201, 201, 403, 403, 400], purchase],
  ['GET', '/api/orders', [401, 200, 200, 200, 200, 200]],
  ['GET', '/api/orders/{order}', [401, 200, 404, 200, 404, 200]],
  ['POST', '/api/orders/{order}/confirm', [401, 403, 403, 409, 404, 409]],
  ['POST', '/api/orders/{order}/ship', [401, 403, 403, 409, 404, 409]],
  ['POST', '/api/orders/{order}/fulfill', [401, 403, 403, 409, 404, 409]],
  ['POST', '/api/orders/{cancelled}/cancel', [401, 409, 404, 409, 404, 409]],
  ['PUT', '/api/orders/{order}/status', [401, 403, 403, 409, 404, 409], () => ({ status: 'SHIPPED' })],
  ['PUT', '/api/orders/{cancelled}/status', [401, 409, 404, 409, 404, 409], () => ({ status: 'CANCELLED' })],
  [
    'POST',
    '/api/orders/{cancelled}/pay',
    [401, 409, 404, 403, 403, 409],
    () => ({ paymentMethod: 'pm_card_visa' }),
  ],
  ['GET', '/api/orders/{order}/payment', [401, 200, 404, 200, 404, 200]],
  ['GET', '/api/payments', [401, 200, 200, 200, 200, 200]],
  ['GET', '/api/orders/{order}/timeline', [401, 200, 404, 200, 404, 200]],
  ['GET', '/api/payments/{payment}', [401, 200, 404, 200, 404, 200]],
  [
    'POST',
    '/api/payments/{payment}/resolve',
    [401, 403, 403, 403, 403, 409],
    () => ({ outcome: 'retry', reason: 'as a test' }),
  ],
  ['POST', '/api/payments/methods', [401, 201, 201, 403, 403, 201], () => ({ card: aCard })],
  ['GET', '/api/notifications', [401, 200, 200, 403, 403, 200]],
  ['GET', '/api/notifications/{notification}', [401, 200, 404, 403, 403, 200]],
  ['POST', '/api/customers', [401, 403, 403, 403, 403, 201], person],
  ['GET', '/api/customers', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/customers/{customer}', [401, 200, 404, 403, 403, 200]],
  ['PATCH', '/api/customers/{customer}', [401, 200, 404, 403, 403, 200], () => ({ name: 'Ada' })],
  ['GET', '/api/sellers/{seller}/settings', [401, 403, 403, 200, 404, 200]],
  [
    'PUT',
    '/api/sellers/{seller}/settings',
    [401, 403, 403, 200, 404, 200],
    () => ({ confirmation: 'seller' }),
  ],
  ['GET', '/api/audit', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/dead-letters', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/audit/events', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/dead-letters/order/{nothing}', [401, 403, 403, 403, 403, 404]],
  ['POST', '/api/dead-letters/order/redrive', [401, 403, 403, 403, 403, 200], letters],
  [
    'POST',
    '/api/dead-letters/order/discard',
    [401, 403, 403, 403, 403, 200],
    () => ({ ...letters(), reason: 'x' }),
  ],
  ['GET', '/api/invariants', [401, 403, 403, 403, 403, 200]],
  ['POST', '/api/invariants/checks', [401, 403, 403, 403, 403, 200], () => ({})],
  ['GET', '/api/invariants/violations', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/faults', [401, 403, 403, 403, 403, 200]],
  ['PUT', '/api/faults', [401, 403, 403, 403, 403, 200], () => ({})],
  ['DELETE', '/api/faults', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/drills/kill-switch', [401, 403, 403, 403, 403, 200]],
  ['PUT', '/api/drills/kill-switch', [401, 403, 403, 403, 403, 200], () => ({ engaged: false, reason: 'x' })],
  ['GET', '/api/drills/schedules', [401, 403, 403, 403, 403, 200]],
  ['POST', '/api/drills', [401, 403, 403, 403, 403, 202], dryRun],
  ['GET', '/api/drills', [401, 403, 403, 403, 403, 200]],
  ['GET', '/api/drills/{nothing}', [401, 403, 403, 403, 403, 404]],
  ['GET', '/api/drills/{nothing}/report', [401, 403, 403, 403, 403, 404]],
  ['POST', '/api/drills/{nothing}/abort', [401, 403, 403, 403, 403, 404], () => ({ reason: 'x' })],
  ['POST', '/api/accounts', [401, 403, 403, 403, 403, 201], account],
  ['POST', '/api/auth/register', all(202), () => ({ ...credentials(), name: 'New' })],
  ['POST', '/api/auth/verify-email', all(401), () => ({ ...credentials(), code: '0000-0000-0000' })],
  ['POST', '/api/auth/password-reset', all(202), () => ({ email: credentials().email })],
  [
    'POST',
    '/api/auth/password-reset/confirm',
    all(401),
    () => ({ ...credentials(), code: '0000-0000-0000' }),
  ],
  ['POST', '/api/auth/password', [401, 403, 403, 403, 403, 403], wrongPassword],
  ['GET', '/api/auth/sessions', [401, 200, 200, 200, 200, 200]],
  ['DELETE', '/api/auth/sessions/{nothing}', [401, 404, 404, 404, 404, 404]],
  ['GET', '/api/accounts', [401, 403, 403, 403, 403, 200]],
  ['PUT', '/api/accounts/{nothing}/access', [401, 403, 403, 403, 403, 404], () => ({ enabled: true })],
  ['POST', '/api/auth/login', all(401), credentials],
  ['POST', '/api/auth/refresh', all(401), refreshToken],
  ['POST', '/api/auth/logout', all(204), refreshToken],
  ['GET', '/.well-known/jwks.json', all(200)],
  ['GET', '/health', all(200)],
  ['GET', '/openapi.json', all(200)],
  ['GET', '/internal/dead-letters', all(404)],
];

const withIds = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: keyof typeof the) => the[name]);

test.each(matrix)('%s %s lets in whom it is for', async (method, path, statuses, body) => {
  const answers = [];
  for (const person of people) {
    const answer = await as[person].call(method, withIds(path), body?.());
    answers.push(`${person}: ${answer.status}`);
  }
  expect(answers).toEqual(people.map((person, i) => `${person}: ${statuses[i]}`));
});

test('every operation of the API has its row', () => {
  const withoutNames = (path: string) =>
    path.replace(/\{\w+\}/g, '{}').replace('/dead-letters/order', '/dead-letters/{}');
  const rows = new Set(matrix.map(([method, path]) => `${method} ${withoutNames(path)}`));
  const rowless = operations
    .filter(({ demo }) => !demo)
    .map(({ method, path }) => `${method.toUpperCase()} ${withoutNames(path)}`)
    .filter((operation) => !rows.has(operation));
  // They have tests of their own below: answers that do not end, and sessions that end.
  expect(rowless.sort()).toEqual(['DELETE /api/auth/sessions', 'GET /api/orders/{}/events']);
});

/** The first chunk and the status of a live stream, which is closed then. */
async function openStream(api: Api): Promise<number> {
  const ending = new AbortController();
  const headers: Record<string, string> = api.token ? { authorization: `Bearer ${api.token}` } : {};
  const answer = await fetch(`${system.urls.gateway}/api/orders/${the.order}/events`, {
    headers,
    signal: ending.signal,
  });
  ending.abort();
  return answer.status;
}

test('the live events of an order are for those who may read it', async () => {
  const statuses = [];
  for (const person of people) statuses.push(await openStream(as[person]));
  expect(statuses).toEqual([401, 200, 404, 200, 404, 200]);
});

test('people end their own sessions, and their tokens are refused by every service soon', async () => {
  expect((await as.nobody.call('DELETE', '/api/auth/sessions')).status).toBe(401);
  const customer = await newCustomer(system.urls.gateway!, system.internalToken);
  expect((await customer.call('GET', '/api/orders')).status).toBe(200);
  expect((await customer.call('DELETE', '/api/auth/sessions')).status).toBe(204);
  for (const base of [system.urls.gateway!, system.urls.order!, system.urls.payment!]) {
    const path = base === system.urls.payment ? '/api/payments' : '/api/orders';
    await eventually(
      async () => expect((await createApi(base, customer.token).call('GET', path)).status).toBe(401),
      { timeoutMs: 45_000 },
    );
  }
});

test('lists hold what is one’s own: of orders, payments and notifications', async () => {
  const orderIds = async (person: Person, path: string) => {
    const { items } = await as[person].must<{ items: { id: string; orderId?: string }[] }>('GET', path);
    return items.map(({ id, orderId }) => orderId ?? id);
  };
  await eventually(async () => expect(await orderIds('customer', '/api/notifications')).toContain(the.order));
  for (const path of ['/api/orders', '/api/payments', '/api/notifications']) {
    for (const person of people) {
      const isPublic = person === 'nobody' || (path === '/api/notifications' && person.endsWith('seller'));
      if (isPublic) continue;
      const sees = (await orderIds(person, path)).includes(the.order);
      expect([path, person, sees]).toEqual([path, person, ['customer', 'seller', 'admin'].includes(person)]);
    }
  }
  const foreign = await as['other customer'].must<{ items: OrderView[] }>(
    'GET',
    `/api/orders?customerId=${the.customer}`,
  );
  expect(foreign.items).toEqual([]);
});

test('a seller cannot offer in the name of another, nor a customer order in the name of another', async () => {
  expect((await as['other seller'].call('POST', '/api/products', product())).status).toBe(403);
  const order = {
    customer: { name: 'Eve', email: 'ada@example.com' },
    items: [{ productId: the.product, quantity: 1 }],
  };
  expect((await as.customer.call('POST', '/api/orders', order)).status).toBe(403);
});
