import { type Api, api } from '@orderflow/contracts/api';
import type { OrderView } from '@orderflow/contracts/http/orders';
import type { PaymentView } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';
import { expect, expectTypeOf, test } from 'vitest';
import { createClient } from './client.ts';
import type { LiveEvent } from './follow.ts';

const { call, send, follow } = createClient({ baseUrl: '' });
const params = { id: newId() };
const body = {
  items: [{ productId: newId(), quantity: 1 }],
  customer: { name: 'A', email: 'a@example.com' },
};

/** Never called: the compiler reads it, and fails where a line that is expected to be wrong is not. */
async function compiled() {
  expectTypeOf(await call('placeOrder', { body, idempotencyKey: 'a' })).toEqualTypeOf<OrderView>();
  expectTypeOf(await call('payOrder', { params, body: { paymentMethod: 'a' } })).toEqualTypeOf<PaymentView>();
  expectTypeOf(await call('logout', { body: { refreshToken: 'a' } })).toEqualTypeOf<undefined>();
  expectTypeOf(await call('getProductImage', { params })).toEqualTypeOf<Response>();
  for await (const event of follow(params.id)) expectTypeOf(event).toEqualTypeOf<LiveEvent>();

  const answer = await send('getOrder', { params, headers: { 'if-none-match': '"1"' } });
  if (answer.ok) expectTypeOf(answer.body).toEqualTypeOf<OrderView>();
  // @ts-expect-error A refusal has no order.
  answer.body.total;

  // What may all be left out may be left out.
  await call('listOrders');
  await call('listOrders', { query: { status: 'PAID', limit: 10 } });
  await call('cancelOrder', { params });
  await call('putProductImage', { params, body: new File([], 'a.png', { type: 'image/png' }) });
  await call('watchOrder', { params, headers: { 'last-event-id': '7' } });

  // @ts-expect-error There is no such operation.
  await call('getOrders');
  // @ts-expect-error Which order?
  await call('getOrder');
  // @ts-expect-error The param has another name.
  await call('getOrder', { params: { orderId: params.id } });
  // @ts-expect-error Pay by what?
  await call('payOrder', { params });
  // @ts-expect-error There is no such status.
  await call('listOrders', { query: { status: 'PAYED' } });
  // @ts-expect-error A number is meant, though its schema takes text.
  await call('listOrders', { query: { limit: 'ten' } });
  // @ts-expect-error There is no such filter.
  await call('listOrders', { query: { customer: 'a' } });
  // @ts-expect-error It takes no query.
  await call('getOrder', { params, query: { limit: 1 } });
  // @ts-expect-error It takes no body.
  await call('confirmOrder', { params, body: {} });
  // @ts-expect-error It takes no key.
  await call('editProduct', { params, body: { name: 'Lamp' }, idempotencyKey: 'a' });
  // @ts-expect-error A price is in minor units with its currency.
  await call('createProduct', { body: { sku: 'a', name: 'Lamp', price: 10 } });
  // @ts-expect-error Sending is once.
  await send('listOrders', { retries: 1 });
  // @ts-expect-error An event's id is text.
  follow(params.id, { lastEventId: 7 });
}

test('inputs and results have the types of the contracts', () => {
  expect(compiled).toBeTypeOf('function');
});

test('every param of a path has its schema, so that its type can be told', () => {
  for (const [id, row] of Object.entries(api) as [
    keyof Api,
    { path: string; params?: { shape: object } },
  ][]) {
    const named = [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect([id, Object.keys(row.params?.shape ?? {}).sort()]).toEqual([id, named.sort()]);
  }
});
