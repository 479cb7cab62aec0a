import { type OrderStatus, orderStatuses } from '@orderflow/contracts/order';
import { expect, test } from 'vitest';
import { anOrder, items, typesOf } from '../test/builders.ts';
import { cancel, canMove, confirm, type Decision, fulfill, type Order, ship } from './domain.ts';

const legalMoves = [
  'PENDING → CONFIRMED',
  'PENDING → CANCELLED',
  'CONFIRMED → PAID',
  'CONFIRMED → CANCELLED',
  'PAID → SHIPPED',
  'PAID → CANCELLED',
  'SHIPPED → FULFILLED',
];
const pairs = orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to] as const));

test.each(pairs)('%s → %s is allowed exactly when the life of an order has it', (from, to) => {
  expect(canMove(from, to)).toBe(legalMoves.includes(`${from} → ${to}`));
});

const commands: Record<string, { to: OrderStatus; give: (order: Order) => Decision; tells: string }> = {
  confirm: {
    to: 'CONFIRMED',
    give: (order) => confirm(order, items),
    tells: 'order.confirmation-requested',
  },
  cancel: {
    to: 'CANCELLED',
    give: (order) => cancel(order, 'cancelled_by_seller', 'sold out'),
    tells: 'order.cancelled',
  },
  ship: { to: 'SHIPPED', give: (order) => ship(order, 'track-1'), tells: 'order.shipped' },
  fulfill: { to: 'FULFILLED', give: fulfill, tells: 'order.fulfilled' },
};
const commandCases = orderStatuses.flatMap((from) =>
  Object.keys(commands).map((name) => [from, name] as const),
);

test.each(commandCases)(
  'an order that is %s takes the command to %s, or refuses it as an illegal move',
  (from, name) => {
    const { to, give, tells } = commands[name]!;
    const order = anOrder({ status: from, confirmationRequested: false });
    if (legalMoves.includes(`${from} → ${to}`)) expect(typesOf(give(order))).toEqual([tells]);
    else expect(() => give(order)).toThrow(expect.objectContaining({ code: 'illegal_move' }));
  },
);

test('a confirmation leaves the order pending until the stock is held, and is not asked for twice', () => {
  const { order, events } = confirm(anOrder({ confirmationRequested: false }), items);
  expect(order).toMatchObject({ status: 'PENDING', confirmationRequested: true });
  expect(events[0]!.data).toEqual({
    orderId: order.id,
    items,
    previousStatus: 'PENDING',
    status: 'PENDING',
  });
  expect(() => confirm(order, items)).toThrow(expect.objectContaining({ code: 'illegal_move' }));
});

test('a command leaves what it was told in the order and in its event', () => {
  const cancelled = cancel(anOrder({ status: 'PAID' }), 'cancelled_by_customer', 'changed my mind');
  expect(cancelled.order).toMatchObject({
    status: 'CANCELLED',
    cancelReason: 'cancelled_by_customer',
    message: 'changed my mind',
  });
  expect(cancelled.events[0]!.data).toMatchObject({
    reason: 'cancelled_by_customer',
    message: 'changed my mind',
  });
  const shipped = ship(anOrder({ status: 'PAID' }), 'track-1');
  expect(shipped.order).toMatchObject({ status: 'SHIPPED', trackingNumber: 'track-1' });
  expect(shipped.events[0]!.data).toMatchObject({ trackingNumber: 'track-1' });
  expect(ship(anOrder({ status: 'PAID' })).order.trackingNumber).toBeNull();
});
