import type { Event } from '@orderflow/contracts/events';
import type { OrderStatus } from '@orderflow/contracts/order';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  anOrder,
  anyOrderOf,
  expiresAt,
  type Fact,
  factsAbout,
  type Step,
  sagas,
  total,
  typesOf,
} from '../test/builders.ts';
import { cancel, canMove, type Order } from './domain.ts';
import { react as reactWith } from './reactions.ts';

const react = (order: Order, event: Event) => reactWith(order, event, (method) => `sealed ${method}`);

test('each event says where the order was before it and where it is after it', () => {
  const { reserved, refunded, rejected } = factsAbout(anOrder().id);
  const moves = (order: Order, fact: Event) => react(order, fact).events.map(({ data }) => data);
  expect(moves(anOrder({ paymentStatus: 'CAPTURED' }), reserved)).toMatchObject([
    { previousStatus: 'PENDING', status: 'CONFIRMED' },
    { previousStatus: 'CONFIRMED', status: 'PAID' },
  ]);
  expect(moves(anOrder({ paymentStatus: 'DECLINED' }), reserved)).toMatchObject([
    { previousStatus: 'PENDING', status: 'CONFIRMED' },
    { previousStatus: 'CONFIRMED', status: 'CANCELLED' },
  ]);
  expect(moves(anOrder(), rejected)).toMatchObject([{ previousStatus: 'PENDING', status: 'CANCELLED' }]);
  expect(moves(anOrder({ status: 'CANCELLED' }), refunded)).toEqual([]);
});

test.each<{ now: Partial<Order>; fact: Fact; leadsTo: Partial<Order>; tells: string[] }>([
  {
    now: {},
    fact: 'reserved',
    leadsTo: { status: 'CONFIRMED', paymentStatus: 'DUE', expiresAt: new Date(expiresAt) },
    tells: ['order.confirmed'],
  },
  {
    now: { paymentStatus: 'CAPTURED' },
    fact: 'reserved',
    leadsTo: { status: 'PAID', expiresAt: null },
    tells: ['order.confirmed', 'order.paid'],
  },
  {
    now: { paymentStatus: 'DECLINED' },
    fact: 'reserved',
    leadsTo: { status: 'CANCELLED', cancelReason: 'payment_declined' },
    tells: ['order.confirmed', 'order.cancelled'],
  },
  {
    now: {},
    fact: 'rejected',
    leadsTo: { status: 'CANCELLED', cancelReason: 'out_of_stock' },
    tells: ['order.cancelled'],
  },
  {
    now: {},
    fact: 'expired',
    leadsTo: { status: 'CANCELLED', cancelReason: 'reservation_expired' },
    tells: ['order.cancelled'],
  },
  {
    now: { status: 'CONFIRMED', paymentStatus: 'DUE', expiresAt: new Date(expiresAt) },
    fact: 'expired',
    leadsTo: {
      status: 'CANCELLED',
      cancelReason: 'reservation_expired',
      paymentStatus: 'NONE',
      expiresAt: null,
    },
    tells: ['order.cancelled'],
  },
  {
    now: { status: 'CONFIRMED', paymentStatus: 'DUE', expiresAt: new Date(expiresAt) },
    fact: 'captured',
    leadsTo: { status: 'PAID', paymentStatus: 'CAPTURED', expiresAt: null },
    tells: ['order.paid'],
  },
  {
    now: { status: 'CONFIRMED', paymentStatus: 'DUE' },
    fact: 'declined',
    leadsTo: { status: 'CANCELLED', cancelReason: 'payment_declined', paymentStatus: 'DECLINED' },
    tells: ['order.cancelled'],
  },
  { now: {}, fact: 'captured', leadsTo: { status: 'PENDING', paymentStatus: 'CAPTURED' }, tells: [] },
  { now: {}, fact: 'declined', leadsTo: { status: 'PENDING', paymentStatus: 'DECLINED' }, tells: [] },
  {
    now: { status: 'CANCELLED', cancelReason: 'reservation_expired' },
    fact: 'captured',
    leadsTo: { status: 'CANCELLED', paymentStatus: 'CAPTURED' },
    tells: [],
  },
  {
    now: { status: 'CANCELLED', cancelReason: 'cancelled_by_customer', paymentStatus: 'CAPTURED' },
    fact: 'refunded',
    leadsTo: { paymentStatus: 'REFUNDED' },
    tells: [],
  },
  {
    now: { status: 'CANCELLED', cancelReason: 'cancelled_by_customer', paymentStatus: 'REFUNDED' },
    fact: 'captured',
    leadsTo: { paymentStatus: 'REFUNDED' },
    tells: [],
  },
  {
    now: { status: 'CANCELLED', cancelReason: 'reservation_expired' },
    fact: 'voided',
    leadsTo: { status: 'CANCELLED', paymentStatus: 'VOIDED' },
    tells: [],
  },
])('$fact about an order with $now leads to $leadsTo', ({ now, fact, leadsTo, tells }) => {
  const order = anOrder(now);
  const decision = react(order, factsAbout(order.id)[fact]);
  expect(decision.order).toEqual({ ...order, ...decision.order, ...leadsTo });
  expect(typesOf(decision)).toEqual(tells);
});

test('a method of the customer’s goes to payment sealed, and into no other event', () => {
  const order = anOrder({ paymentMethod: 'pm_1OfAda' });
  const { events } = react(order, factsAbout(order.id).reserved);
  const owed = {
    orderId: order.id,
    customerId: order.customerId,
    sellerId: order.sellerId,
    total: order.total,
  };
  expect(events).toEqual([
    {
      type: 'order.confirmed',
      data: {
        ...{ ...owed, paymentMethod: null, chargedAtOnce: true, expiresAt },
        ...{ previousStatus: 'PENDING', status: 'CONFIRMED' },
      },
    },
    {
      type: 'order.charge-requested',
      data: {
        ...{ ...owed, sealedMethod: 'sealed pm_1OfAda' },
        ...{ previousStatus: 'CONFIRMED', status: 'CONFIRMED' },
      },
    },
  ]);
});

test.each([null, 'pm_card_visa'])(
  'an order with the method %s is confirmed by one event',
  (paymentMethod) => {
    const order = anOrder({ paymentMethod });
    const { events } = react(order, factsAbout(order.id).reserved);
    expect(events).toMatchObject([{ type: 'order.confirmed', data: { paymentMethod } }]);
    expect(events[0]!.data).not.toHaveProperty('chargedAtOnce');
  },
);

test('what was done at the provider is noted and moves nothing; the latest report counts', () => {
  const order = anOrder({ status: 'SHIPPED', paymentStatus: 'CAPTURED' });
  const { changed } = factsAbout(order.id);
  const dispute = { reference: 'dp_1', status: 'open' as const, amount: total };
  const later = { ...changed, sequence: 3, data: { ...changed.data, refunded: total, dispute } };
  const noted = { refundedAtProvider: total.amount, dispute: 'open', providerSequence: 3 };
  for (const events of [
    [changed, later],
    [later, changed],
  ]) {
    const end = events.reduce((now, event) => react(now, event).order, order);
    expect(end).toEqual({ ...order, ...noted });
  }
  expect(react(order, later).events).toEqual([]);
});

const settled = (['PAID', 'SHIPPED', 'FULFILLED', 'CANCELLED'] as const).flatMap((status) =>
  (['reserved', 'rejected', 'expired', 'declined'] as const).map((fact) => [status, fact] as const),
);

test.each(settled)('an order that is %s stays what it is when it hears that it was %s', (status, fact) => {
  const order = anOrder({
    status,
    cancelReason: status === 'CANCELLED' ? 'cancelled_by_customer' : null,
    paymentStatus: 'CAPTURED',
  });
  const decision = react(order, factsAbout(order.id)[fact]);
  expect(decision).toEqual({ order, events: [] });
});

test.each(Object.keys(factsAbout('')) as Fact[])(
  'hearing %s a second time leaves the very same order',
  (fact) => {
    const order = anOrder();
    const event = factsAbout(order.id)[fact];
    const once = react(order, event).order;
    expect(react(once, event).order).toBe(once);
  },
);

function live(steps: Step[]) {
  const start = anOrder();
  const facts: Record<Fact, Event> = factsAbout(start.id);
  let order = start;
  let cancelledByCommand = false;
  const told: string[] = [];
  for (const step of steps) {
    if (step === 'cancel' && !canMove(order.status, 'CANCELLED')) continue;
    const decision = step === 'cancel' ? cancel(order, 'cancelled_by_customer') : react(order, facts[step]);
    cancelledByCommand ||= step === 'cancel';
    order = decision.order;
    told.push(...typesOf(decision));
  }
  return { order: { ...order, id: 'the same', customerId: 'the same' }, told, cancelledByCommand };
}

test.each(sagas.map((saga) => [saga]))(
  'the facts %j end in one state in any order, however often heard, with a cancellation or without',
  (saga) => {
    const cancelledEnd = live(['cancel', ...saga]).order;
    const naturalEnd = live(saga).order;
    fc.assert(
      fc.property(anyOrderOf(saga), (steps) => {
        const { order, cancelledByCommand } = live(steps);
        expect(order).toEqual(cancelledByCommand ? cancelledEnd : naturalEnd);
      }),
      { numRuns: 300 },
    );
  },
);

test('a payment that races the expiry ends either paid or cancelled, and what is told agrees with it', () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(anyOrderOf(['reserved', 'captured', 'expired']), (steps) => {
      const { order, told, cancelledByCommand } = live(steps);
      const times = (type: string) => told.filter((one) => one === type).length;
      ends.add(order.status);
      if (order.status === 'PAID') {
        expect([times('order.paid'), times('order.cancelled')]).toEqual([1, 0]);
        return;
      }
      expect(order.status).toBe('CANCELLED');
      expect(times('order.cancelled')).toBe(1);
      expect(order.paymentStatus).toBe('CAPTURED'); // so that the payment is known to be given back
      if (cancelledByCommand) expect(times('order.paid')).toBeLessThanOrEqual(1);
      else expect(times('order.paid')).toBe(0);
    }),
    { numRuns: 1000 },
  );
  expect([...ends].sort()).toEqual(['CANCELLED', 'PAID']);
});

test('whatever is heard in whatever order, the events tell of a way that the table of moves allows', () => {
  const all: Fact[] = ['reserved', 'rejected', 'expired', 'captured', 'declined', 'voided', 'refunded'];
  const statusOf: Record<string, OrderStatus> = {
    'order.confirmed': 'CONFIRMED',
    'order.paid': 'PAID',
    'order.cancelled': 'CANCELLED',
  };
  fc.assert(
    fc.property(anyOrderOf(all), (steps) => {
      const { order, told } = live(steps);
      const way: OrderStatus[] = ['PENDING', ...told.map((type) => statusOf[type]!)];
      for (const [i, to] of way.slice(1).entries()) expect(canMove(way[i]!, to)).toBe(true);
      expect(way.at(-1)).toBe(order.status);
    }),
    { numRuns: 1000 },
  );
});
