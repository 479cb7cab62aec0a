import type { PaymentEntry } from '@orderflow/contracts/ledgers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paidOrder, someStock, THEN } from '../../test/books.ts';
import { fulfilledSaga, recordedSaga } from '../../test/recorded-saga.ts';
import {
  messagesMatchEvents,
  ordersMatchEvents,
  paymentsMatchEvents,
  productsMatchEvents,
} from './event-rules.ts';
import { differences, oneOf } from './expected/compare.ts';
import { messageName } from './expected/expected-messages.ts';
import { recordedProduct } from './expected/expected-product.ts';
import type { RecordedEvent } from './expected/recorded-events.ts';
import { recordedOrder } from './expected/recorded-order.ts';
import { beginOf } from './finding.ts';

const readAt = Date.parse(THEN);
const read = (events: RecordedEvent[]) => recordedOrder(events, { readAt, afterFirst: true });

test('what events say of an order does not hang on the order or the repetition of them', () => {
  const { events } = fulfilledSaga();
  const expected = JSON.stringify(read(events).expected);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.subarray(events),
      (shuffled, again) => {
        const { messages, ...rest } = read([...shuffled, ...again]).expected!;
        const { messages: once, ...before } = JSON.parse(expected);
        expect(JSON.parse(JSON.stringify(rest))).toEqual(before);
        expect(JSON.parse(JSON.stringify(messages))).toEqual(once);
      },
    ),
    { numRuns: 50 },
  );
});

test('an order that is fulfilled has its stock booked out, its money captured and each step told of', () => {
  const { events, charge, correlationId } = fulfilledSaga();
  const { orders, payments, reservations, messages } = read(events).expected!;
  expect(orders).toMatchObject({
    ...{ status: 'FULFILLED', paymentStatus: 'CAPTURED', trackingNumber: 'T1', sequence: 6, total: 1_000 },
    ...{ expiresAt: null, correlationId },
  });
  expect(payments).toMatchObject({ status: 'CAPTURED', paymentId: charge.paymentId, sequence: 1 });
  expect(reservations).toMatchObject({ status: 'SHIPPED', paid: true, shipped: true, sequence: 2 });
  expect(Object.values(messages.messages as Record<string, { template: string }>)).toMatchObject([
    { template: 'order-paid', recipient: 'ada@example.org' },
    { template: 'order-shipped' },
    { template: 'order-shipped-sms', recipient: '+4930123456' },
    { template: 'order-fulfilled' },
  ]);
});

/** What its events say of an order that costs nothing. */
function freeOrder(paymentMethod: string | null) {
  const { events } = fulfilledSaga();
  const confirmed = events.find(({ type }) => type === 'order.confirmed')!;
  Object.assign(confirmed.data as object, { total: { amount: 0, currency: 'EUR' }, paymentMethod });
  return { confirmed, expected: read(events).expected! };
}

test.each([
  ['pm_card_visa', ['free', 'pm_card_visa'], ['pm_other', null]],
  [null, ['free', null, 'pm_by_form'], []],
])(
  'a free order with the method %s may be from before, when it was charged or due',
  (method, right, wrong) => {
    const { paymentMethod } = freeOrder(method).expected.payments!;
    const wrongIn = (found: string | null) => differences({ paymentMethod }, { paymentMethod: found });
    expect(right.flatMap(wrongIn)).toEqual([]);
    expect(wrong.flatMap(wrongIn)).toHaveLength(wrong.length);
  },
);

test('the customer of a free order may have been asked to pay nothing, before it was paid at once', () => {
  const { confirmed, expected } = freeOrder(null);
  const { id, correlationId } = confirmed;
  const { messages } = expected.messages;
  const { [messageName('email', id)]: asked, ...others } = messages as Record<string, unknown>;
  expect(asked).toBeDefined();
  const wrongIn = (recipient: string) =>
    differences(
      { messages },
      {
        messages: {
          ...others,
          [messageName('email', id)]: { template: 'order-confirmed', recipient, correlationId },
        },
      },
    );
  expect(differences({ messages }, { messages: others })).toEqual([]);
  expect(wrongIn('ada@example.org')).toEqual([]);
  expect(wrongIn('eve@example.org')).toHaveLength(1);
});

test('an order that is cancelled after its capture is released, refunded and told of', () => {
  const { events, add, orderId, charge } = fulfilledSaga();
  events.splice(6); // it is paid
  add('order.cancelled', { orderId, reason: 'cancelled_by_customer' });
  expect(read(events).expected!.payments).toMatchObject({ status: 'REFUNDING', callDue: true });
  add('inventory.released', { orderId, items: [] });
  const refund = add('payment.refunded', { ...charge, providerReference: 're_2' });
  const { orders, payments, reservations, messages } = read(events).expected!;
  expect(orders).toMatchObject({ status: 'CANCELLED', cancelReason: 'cancelled_by_customer' });
  expect(payments).toMatchObject({ status: 'REFUNDED', refundReference: 're_2', callDue: false });
  expect(reservations).toMatchObject({ status: 'RELEASED' });
  expect(messages.messages).toHaveProperty(
    [`email about event ${refund.id}`, 'template'],
    'payment-refunded',
  );
});

test('a refund that is refused for good is blocked, until somebody has decided about it', () => {
  const { events, add, orderId, charge } = fulfilledSaga();
  events.splice(6); // it is paid
  add('order.cancelled', { orderId, reason: 'cancelled_by_customer' });
  const payments = () => read(events).expected!.payments!;
  const call = { ...charge, call: 'refund' as const };
  add('payment.blocked', { ...call, code: 'refused', message: 'no' });
  expect(payments()).toMatchObject({ status: 'REFUNDING', blocked: 'refused', callDue: false });
  add('payment.resolved', { ...call, outcome: 'retry', reason: 'try again' });
  expect(payments()).toMatchObject({ status: 'REFUNDING', blocked: null, callDue: true, resolution: null });
  add('payment.blocked', { ...call, code: 'refused', message: 'no' });
  add('payment.resolved', { ...call, outcome: 'refunded', reference: 'transfer 7', reason: 'by transfer' });
  add('payment.refunded', { ...charge, providerReference: 'transfer 7' });
  expect(payments()).toMatchObject({ status: 'REFUNDED', blocked: null, resolution: 'refunded' });
});

test('what was done by hand at the provider is on the order and on its payment as the last report says', () => {
  const { events, add, charge } = fulfilledSaga();
  const of = (amount: number) => ({ ...charge.amount, amount });
  const dispute = { reference: 'dp_1', status: 'open' as const, amount: of(1_000) };
  add('payment.changed-at-provider', { ...charge, refunded: of(400), dispute: null });
  add('payment.changed-at-provider', { ...charge, refunded: of(300), dispute });
  const { orders, payments } = read(events).expected!;
  expect(orders).toMatchObject({ refundedAtProvider: 300, dispute: 'open', paymentStatus: 'CAPTURED' });
  expect(payments).toMatchObject({ status: 'CAPTURED', refundedOutside: 300, dispute: 'open' });
});

test('a method of the customer’s is compared with no event, and its order may be charged', () => {
  const { events, add, orderId } = fulfilledSaga();
  const confirmed = events[3]!;
  Object.assign(confirmed.data as object, { paymentMethod: null, chargedAtOnce: true });
  events.splice(4); // it is confirmed
  const { customerId, sellerId, total } = confirmed.data as {
    customerId: string;
    sellerId: string;
    total: typeof charge;
  };
  const charge = { amount: 1_000, currency: 'EUR' };
  add('order.charge-requested', { orderId, customerId, sellerId, total, sealedMethod: 'sealed' });
  const { orders, payments, messages } = read(events).expected!;
  expect(orders.paymentMethod).toBeUndefined();
  expect(payments).toMatchObject({ status: 'CHARGING', paymentMethod: undefined, callDue: true });
  // A notification of the last release may have sent the mail that asks for the payment.
  expect(differences({ messages: messages.messages }, { messages: {} })).toEqual([]);
});

test('a field that is not what the events say is named with both values, since nothing has come of it', () => {
  const { events } = fulfilledSaga();
  const recorded = read(events);
  const { orders } = paidOrder();
  // The row as the events say, times included.
  const times = { placedAt: THEN, updatedAt: THEN, paymentMethod: 'pm_card_visa' };
  const right = { ...orders!, ...(recorded.expected!.orders as object), ...times } as typeof orders & object;
  const books = (changes: object) => ({
    orderId: right.orderId,
    orders: { ...right, ...changes },
    'recorded events': recorded,
  });
  expect(ordersMatchEvents(books({}))).toEqual([]);
  expect(ordersMatchEvents(books({ total: 900 }))).toEqual([
    { detail: 'total is 900, its events say 1000.', since: expect.arrayContaining([readAt]) },
  ]);
  const [line] = right.items;
  expect(ordersMatchEvents(books({ items: [{ ...line!, unitPrice: 499 }] }))).toMatchObject([
    { detail: 'items.0.unitPrice is 499, its events say 500.' },
  ]);
  const [ahead] = ordersMatchEvents(books({ updatedAt: '2036-01-01T00:00:00Z' }));
  expect(beginOf(ahead!, readAt)).toBe(readAt);
  expect(ordersMatchEvents({ orderId: right.orderId, 'recorded events': recorded })).toMatchObject([
    { detail: 'Its events ask for a row of orders, and there is none.' },
  ]);
});

test('an owner that a payment or a recipient lost is named, and so is a row of what is no order', () => {
  const { events, charge } = fulfilledSaga();
  const recorded = read(events);
  const { payments, messages } = paidOrder();
  const { orderId, paymentId } = charge;
  const row = { ...payments!, ...(recorded.expected!.payments as object), orderId, paymentId };
  const books = (changes: object) => ({
    ...{ orderId, payments: { ...row, customerId: 'c', ...changes } as PaymentEntry },
    'recorded events': recorded,
  });
  expect(paymentsMatchEvents(books({ customerId: null }))[0]!.detail).toContain('customerId is nothing');
  expect(paymentsMatchEvents(books({ sellerId: null }))[0]!.detail).toContain('sellerId is nothing');
  expect(messagesMatchEvents({ orderId, messages, 'recorded events': recorded })[0]!.detail).toContain(
    'customerId is nothing',
  );
  const nothing = {
    orderId,
    'recorded events': recordedOrder([], { readAt, afterFirst: false }),
  };
  expect(messagesMatchEvents({ ...nothing, messages })).toMatchObject([
    { detail: 'There is a row of messages, and there is no such order.', since: null },
  ]);
  expect(paymentsMatchEvents({ ...nothing, payments })).toHaveLength(1);
});

test('an order from before the first that is recorded is not compared; a later one has to be recorded', () => {
  const books = paidOrder();
  const of = (afterFirst: boolean) =>
    ordersMatchEvents({ ...books, 'recorded events': recordedOrder([], { readAt, afterFirst }) });
  expect(of(false)).toEqual([]);
  expect(of(true)).toMatchObject([{ detail: 'No recorded event says that it was placed.' }]);
});

test('an order whose events nobody can read cannot be compared, and is named for that', () => {
  const { events, add, orderId } = recordedSaga();
  add('order.paid', { orderId, total: { amount: 1, currency: 'EUR' } });
  const recorded = read([{ ...events[0]!, type: 'order.placed' }]);
  expect(recorded.expected).toBeUndefined();
  expect(ordersMatchEvents({ ...paidOrder(), 'recorded events': recorded })).toMatchObject([
    { detail: expect.stringContaining('cannot be read'), since: null },
  ]);
});

test('a product and its copy are what the last event says', () => {
  const stock = someStock();
  const { productId, sku, name, price, currency, sellerId, active, sequence } = stock;
  const copy = { productId, sku, name, price, currency, sellerId, active, sequence };
  const data = { productId, sku, name, price: { amount: price, currency }, sellerId, active };
  const [event] = (() => {
    const saga = recordedSaga();
    saga.add('product.changed', data, productId);
    return saga.events;
  })();
  const recorded = recordedProduct(event!, readAt)!;
  const books = { productId, stock, products: copy, 'recorded events': recorded };
  expect(productsMatchEvents(books)).toEqual([]);
  expect(productsMatchEvents({ ...books, products: { ...copy, price: 1 } })).toMatchObject([
    { detail: 'In the copy of orders: price is 1, its events say 500.' },
  ]);
  expect(productsMatchEvents({ ...books, stock: undefined })).toMatchObject([{ since: [readAt, 0] }]);
});

test('values are compared below a field whatever the order of keys, and what is left out is not', () => {
  const found = { a: { x: 1, y: [1, 2] }, b: 'B', c: null };
  expect(differences({ a: { y: [1, 2], x: 1 }, c: undefined }, found)).toEqual([]);
  expect(differences({ b: oneOf('A', 'B') }, found)).toEqual([]);
  expect(differences({ a: { x: 1 }, b: oneOf('A', null), c: 1 }, found)).toEqual([
    'a.y is [1,2], its events say nothing.',
    'b is B, its events say A or nothing.',
    'c is nothing, its events say 1.',
  ]);
});
