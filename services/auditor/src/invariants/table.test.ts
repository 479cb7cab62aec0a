import { newId } from '@orderflow/contracts/ids';
import { invariantName } from '@orderflow/contracts/invariants';
import { expect, test } from 'vitest';
import { noBacklog, PRODUCT, paidOrder, someStock, THEN } from '../../test/books.ts';
import { beginOf, type Finding } from './finding.ts';
import { checkable, invariants, type LedgerName } from './table.ts';
import type { Kind, OrderBooks, Sequence, Things } from './things.ts';

const then = Date.parse(THEN);
const later = '2026-01-02T04:00:00.000Z';

/** What each invariant has to say about a thing: nothing, or since when it may have been so; null is never. */
function offs<K extends Kind>(kind: K, thing: Things[K]): Record<string, number | null> {
  return Object.fromEntries(
    invariants
      .filter(({ about }) => about === kind)
      .flatMap(({ name, off }) =>
        (off as (thing: Things[K]) => Finding[])(thing).map((finding) => [
          name,
          beginOf(finding, Date.now()),
        ]),
      ),
  );
}

const unpaid = { status: 'NONE', captured: 0, refunded: 0, amount: null, currency: null } as const;
const due = { ...unpaid, status: 'DUE', amount: 1_000, currency: 'EUR' } as const;
const moved = (...kinds: ('RESERVED' | 'RELEASED' | 'SHIPPED')[]) =>
  kinds.map((kind) => ({ productId: PRODUCT, kind, count: 1, quantity: 2 }));
const moved3 = [{ productId: PRODUCT, kind: 'RESERVED', count: 1, quantity: 3 } as const];
const shipped = { status: 'SHIPPED', movements: moved('RESERVED', 'SHIPPED') } as const;
const declinedCharge = {
  ...{ id: 'ch_9', kind: 'charge', key: 'another', amount: 1, currency: 'EUR' },
  ...{ paymentMethod: 'pm_card_visa', declineCode: 'card_declined' },
};
const refunded = { status: 'REFUNDED', refunded: 1_000 };

const lawful: Record<string, OrderBooks> = {
  'paid, until its seller ships it': paidOrder(),
  'shipped, until its seller fulfils it': paidOrder({
    order: { status: 'SHIPPED' },
    reservation: shipped,
    templates: ['order-paid', 'order-shipped'],
  }),
  fulfilled: paidOrder({
    order: { status: 'FULFILLED' },
    reservation: shipped,
    templates: ['order-fulfilled'],
  }),
  'pending, until its seller confirms it': paidOrder({
    order: { status: 'PENDING', awaitsSeller: true },
    reservation: null,
    payment: null,
    bank: null,
    templates: ['order-placed'],
  }),
  'cancelled for want of stock': paidOrder({
    order: { status: 'CANCELLED' },
    reservation: { status: 'REJECTED', movements: [] },
    payment: null,
    bank: null,
    templates: ['order-cancelled'],
  }),
  'cancelled before it was reserved': paidOrder({
    order: { status: 'CANCELLED' },
    reservation: { status: 'RELEASED', movements: [] },
    payment: unpaid,
    bank: null,
    templates: ['order-cancelled'],
  }),
  'cancelled and refunded': paidOrder({
    order: { status: 'CANCELLED' },
    reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
    payment: refunded,
    bank: { refunds: 1, refunded: 1_000 },
    templates: ['order-paid', 'order-cancelled', 'payment-refunded'],
  }),
  'paid, and in part refunded by hand at the provider': paidOrder({
    order: { refundedAtProvider: 400 },
    payment: { refundedOutside: 400 },
  }),
  'paid, and wholly refunded by hand': paidOrder({
    order: { refundedAtProvider: 1_000 },
    payment: { refundedOutside: 1_000 },
  }),
  'paid, and disputed': paidOrder({ order: { dispute: 'lost' }, payment: { dispute: 'lost' } }),
  'cancelled, refunded in part by hand, and the rest by us': paidOrder({
    order: { status: 'CANCELLED', refundedAtProvider: 400 },
    reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
    payment: { status: 'REFUNDED', refunded: 600, refundedOutside: 400 },
    bank: { refunds: 1, refunded: 600 },
    templates: ['order-paid', 'order-cancelled', 'payment-refunded'],
  }),
  'cancelled, and given back in another way than by the bank': paidOrder({
    order: { status: 'CANCELLED' },
    reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
    payment: { ...refunded, resolution: 'refunded', refundReference: 'transfer 7' },
    templates: ['order-paid', 'order-cancelled', 'payment-refunded'],
  }),
};

test.each(Object.entries(lawful))('nothing is off about an order that is %s', (_, books) => {
  expect(offs('order', books)).toEqual({});
});

test('an order that waits for its money may do so up to its deadline', () => {
  const waiting = { status: 'CONFIRMED', expiresAt: later } as const;
  const byForm = { order: { ...waiting, chargedAtOnce: false }, bank: null, templates: ['order-confirmed'] };
  expect(offs('order', paidOrder({ ...byForm, payment: due }))).toEqual({
    'orders-end-in-time': Date.parse(later),
  });
  expect(offs('order', paidOrder({ ...byForm, payment: null }))).toEqual({
    'orders-end-in-time': Date.parse(later),
  });
  const unknown = { ...due, status: 'CHARGING', unknownOutcome: true };
  expect(offs('order', paidOrder({ order: waiting, payment: unknown, bank: null, templates: [] }))).toEqual({
    'orders-end-in-time': Date.parse(later),
  });
});

const off: [what: string, books: OrderBooks, offs: Record<string, number | null>][] = [
  [
    'pending with nobody to confirm it',
    paidOrder({ order: { status: 'PENDING' }, reservation: null, payment: null, bank: null, templates: [] }),
    { 'orders-end-in-time': then },
  ],
  [
    'confirmed though its payment has an answer',
    paidOrder({
      order: { status: 'CONFIRMED', expiresAt: later },
      payment: { ...due, status: 'DECLINED' },
      bank: null,
      templates: [],
    }),
    { 'orders-end-in-time': then },
  ],
  [
    'cancelled, and nobody knows whether it was charged',
    paidOrder({
      order: { status: 'CANCELLED' },
      reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
      payment: { ...due, status: 'CHARGING', unknownOutcome: true },
      bank: null,
      templates: ['order-cancelled'],
    }),
    { 'orders-end-in-time': then },
  ],
  [
    'paid, but payment took nothing',
    paidOrder({ payment: due, bank: null }),
    { 'money-is-what-orders-owe': then },
  ],
  [
    'cancelled, and its refund is running',
    paidOrder({
      order: { status: 'CANCELLED' },
      reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
      payment: { status: 'REFUNDING', unknownOutcome: true },
      templates: ['order-cancelled'],
    }),
    { 'money-is-what-orders-owe': then },
  ],
  [
    'refunded more than was captured',
    paidOrder({ payment: { refunded: 1_001 }, bank: { refunds: 1, refunded: 1_001 } }),
    { 'money-is-what-orders-owe': null, 'bank-agrees-with-payment': null, 'customers-are-told': then },
  ],
  [
    'cancelled, and nobody has decided about its refund, which the provider refuses',
    paidOrder({
      order: { status: 'CANCELLED' },
      reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
      payment: { status: 'REFUNDING', unknownOutcome: true, blocked: 'refund_exceeds_charge' },
      templates: ['order-cancelled'],
    }),
    { 'money-is-what-orders-owe': then, 'no-blocked-payments': null },
  ],
  [
    'refunded by us though a part went back by hand',
    paidOrder({
      order: { status: 'CANCELLED' },
      reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') },
      payment: { ...refunded, refundedOutside: 400 },
      bank: { refunds: 1, refunded: 1_000 },
      templates: ['order-cancelled', 'payment-refunded'],
    }),
    { 'money-is-what-orders-owe': null },
  ],
  ['charged more than its total', paidOrder({ order: { total: 999 } }), { 'money-is-what-orders-owe': null }],
  ['charged by nobody, says the bank', paidOrder({ bank: null }), { 'bank-agrees-with-payment': then }],
  [
    'refunded, says the bank',
    paidOrder({ bank: { refunds: 1, refunded: 1_000 } }),
    { 'bank-agrees-with-payment': then },
  ],
  [
    'charged in another currency',
    paidOrder({ bank: { currency: 'USD' } }),
    { 'bank-agrees-with-payment': null },
  ],
  [
    'paid, though the bank declined a charge',
    paidOrder({ bank: { declined: [declinedCharge] } }),
    { 'bank-agrees-with-payment': then },
  ],
  ['charged twice', paidOrder({ bank: { charges: 2 } }), { 'one-charge-per-order': null }],
  ['refunded twice', paidOrder({ bank: { refunds: 2 } }), { 'one-charge-per-order': null }],
  [
    'paid without anything held for it',
    paidOrder({ reservation: { status: 'RELEASED', movements: moved('RESERVED', 'RELEASED') } }),
    { 'reservations-match-orders': then },
  ],
  [
    'held in another number',
    paidOrder({ reservation: { items: [{ productId: PRODUCT, quantity: 3 }], movements: moved3 } }),
    { 'reservations-match-orders': then },
  ],
  [
    'held by two movements',
    paidOrder({
      reservation: { movements: [{ productId: PRODUCT, kind: 'RESERVED', count: 2, quantity: 2 }] },
    }),
    { 'one-movement-per-reservation': null },
  ],
  [
    'held without a movement',
    paidOrder({ reservation: { movements: [] } }),
    { 'one-movement-per-reservation': null },
  ],
  [
    'held, and booked out already',
    paidOrder({ reservation: { movements: moved('RESERVED', 'SHIPPED') } }),
    { 'one-movement-per-reservation': null },
  ],
  [
    'paid, and told of twice',
    paidOrder({ templates: ['order-paid', 'order-paid'] }),
    { 'one-message-per-event': null },
  ],
  ['paid, and not told of', paidOrder({ templates: [] }), { 'customers-are-told': then }],
];

test.each(off)('an order is off that is %s', (_, books, expected) => {
  expect(offs('order', books)).toEqual(expected);
});

test('a message that is not sent, or that did not arrive, may still be', () => {
  const unsent = paidOrder();
  unsent.messages!.messages[0]!.status = 'PENDING';
  expect(offs('order', unsent)).toEqual({ 'customers-are-told': then });
  const lost = paidOrder();
  lost.deliveries!.deliveries = [];
  expect(offs('order', lost)).toEqual({ 'customers-are-told': then, 'mail-arrives-as-written': then });
  const refusedForGood = { ...lost };
  refusedForGood.messages!.messages[0]!.status = 'FAILED';
  expect(offs('order', refusedForGood)).toEqual({});
  const { deliveries: _, ...whereNobodyCounts } = paidOrder();
  expect(offs('order', whereNobodyCounts)).toEqual({});
});

test('a message that arrived twice is one too many', () => {
  const books = paidOrder();
  const { deliveries } = books.deliveries!;
  deliveries.push({ ...deliveries[0]!, messageId: 'another' });
  expect(offs('order', books)).toEqual({ 'one-message-per-event': null, 'mail-arrives-as-written': then });
});

test('what the order service does not know of is off in whose ledger it is', () => {
  const { orders: _, ...books } = paidOrder();
  const { orderId, charges } = books;
  expect(offs('order', { orderId, charges })).toEqual({ 'every-charge-has-its-order': null });
  expect(offs('order', { orderId, reservations: books.reservations })).toEqual({
    'reservations-match-orders': then,
  });
  expect(offs('order', { orderId, payments: books.payments })).toEqual({
    'money-is-what-orders-owe': then,
    'bank-agrees-with-payment': then,
  });
});

test('a time that lies ahead is no reason to wait, and the others still are', () => {
  const ahead = '2036-01-02T03:04:05.678Z';
  const books = paidOrder({ order: { updatedAt: ahead }, payment: { ...due, updatedAt: later }, bank: null });
  expect(offs('order', books)).toEqual({ 'money-is-what-orders-owe': Date.parse(later) });
  const event = { id: newId(), type: 'order.paid', subject: newId(), source: 'order', digest: 'a' };
  const writtenAt = Date.parse(ahead);
  expect(offs('event', { ...event, kept: false, recordedDigest: null, writtenAt })).toEqual({
    'events-arrive': 0,
  });
  const outbox = { count: 1, oldest: ahead, some: ['a'] };
  expect(offs('service', { service: 'order', backlog: noBacklog({ outbox }) })).toEqual({
    'outboxes-drain': 0,
  });
});

test('the time is counted from the last change that any ledger tells of', () => {
  const books = paidOrder({ payment: { ...due, updatedAt: later }, bank: null });
  expect(offs('order', books)).toEqual({ 'money-is-what-orders-owe': Date.parse(later) });
});

const booksOf = (changes: Parameters<typeof someStock>[0] = {}) => ({
  productId: PRODUCT,
  stock: someStock(changes),
});

test('the columns of a product are what its movements and reservations come to', () => {
  expect(offs('product', booksOf())).toEqual({});
  for (const wrong of [
    { received: 11, ledger: { received: 11, reserved: 2, shipped: 1 } },
    { held: 1 },
    { ledger: { received: 9, reserved: 2, shipped: 1 } },
    { ledger: { received: 10, reserved: 3, shipped: 1 } },
    { ledger: { received: 10, reserved: 2, shipped: 0 } },
    { reserved: 10, held: 10, ledger: { received: 10, reserved: 10, shipped: 1 } },
    { received: 0, onHand: -1, reserved: -1, held: -1, ledger: { received: 0, reserved: -1, shipped: 1 } },
  ]) {
    expect(offs('product', booksOf(wrong))).toEqual({ 'stock-columns-match-ledger': null });
  }
});

test('numbers of events have no holes and no repeats', () => {
  const whole: Sequence = {
    source: 'order',
    subject: 'x',
    orderId: 'x',
    events: 3,
    distinct: 3,
    last: 3,
    recordedAt: then,
    madeAt: then,
  };
  expect(offs('sequence', whole)).toEqual({});
  expect(offs('sequence', { ...whole, last: 4 })).toEqual({ 'events-have-no-holes': then });
  expect(offs('sequence', { ...whole, distinct: 2, last: 3 })).toEqual({ 'events-have-no-holes': null });
});

test('an event may be on its way since it was written', () => {
  const event = {
    id: newId(),
    type: 'order.paid',
    subject: newId(),
    source: 'order',
    digest: 'a',
    writtenAt: then,
  };
  expect(offs('event', { ...event, kept: true, recordedDigest: 'a' })).toEqual({});
  expect(offs('event', { ...event, kept: true, recordedDigest: 'b' })).toEqual({
    'events-are-as-written': null,
  });
  expect(offs('event', { ...event, kept: false, recordedDigest: null })).toEqual({
    'events-arrive': then,
  });
});

test('what waits in a service may do so since its oldest; dead letters may not', () => {
  const heap = { count: 2, oldest: THEN, some: ['a'] };
  const of = (backlog: Parameters<typeof noBacklog>[0]) =>
    offs('service', { service: 'order', backlog: noBacklog(backlog) });
  expect(of({})).toEqual({});
  expect(of({ pending: null })).toEqual({});
  expect(of({ outbox: heap })).toEqual({ 'outboxes-drain': then });
  expect(of({ pending: heap })).toEqual({ 'consumers-keep-up': then });
  expect(of({ retries: heap })).toEqual({ 'consumers-keep-up': then });
  expect(of({ deadLetters: heap })).toEqual({ 'no-dead-letters': null });
});

test('the table has each invariant once', () => {
  expect(invariants.map(({ name }) => name).sort()).toEqual([...invariantName.options].sort());
});

test('without a bank, what needs its ledger is left out, and nothing else', () => {
  const without = (ledger: LedgerName) => {
    const left = checkable((name) => name !== ledger).map(({ name }) => name);
    return invariantName.options.filter((name) => !left.includes(name)).sort();
  };
  expect(without('charges')).toEqual([
    'bank-agrees-with-payment',
    'every-charge-has-its-order',
    'one-charge-per-order',
  ]);
  expect(without('strays')).toEqual(['charges-name-orders']);
  expect(without('deliveries')).toEqual(['mail-arrives-as-written']);
});
