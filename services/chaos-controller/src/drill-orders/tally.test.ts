import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { aCheck, aDrillOrder } from '../../test/drill-samples.ts';
import { asRead } from './drill-order.ts';
import { ordersSeen, tallyOrders } from './tally.ts';

const refused = { orderId: null, acceptedAt: null, refusedAt: 31_000, status: null, endedAt: null };
const listed = (...ids: (string | null)[]) => ids.map((id) => ({ id: id!, status: 'PAID' }));

test('an order that is paid or cancelled is at its end, and one that is not is lost', () => {
  const paid = aDrillOrder();
  const cancelled = aDrillOrder({ status: 'CANCELLED' });
  const stuck = aDrillOrder({ status: 'CONFIRMED', endedAt: null });
  const gone = aDrillOrder({ status: 'MISSING', endedAt: null });
  const all = [paid, cancelled, stuck, gone];
  expect(tallyOrders(all, null, null)).toEqual({
    asked: 4,
    accepted: 4,
    refused: 0,
    paid: 1,
    cancelled: 1,
    lost: 2,
    lostIds: [stuck.orderId, gone.orderId],
    doubled: 0,
    doubledIds: [],
  });
});

test('an order that was paid and is not listed any more is lost', () => {
  const [one, other] = [aDrillOrder(), aDrillOrder()];
  const tally = tallyOrders([one, other], listed(other.orderId), null);
  expect(tally).toMatchObject({ lost: 1, lostIds: [one.orderId], doubled: 0 });
});

test('two keys that were answered by one order have lost one', () => {
  const one = aDrillOrder();
  const other = aDrillOrder({ orderId: one.orderId });
  expect(tallyOrders([one, other], listed(one.orderId), null)).toMatchObject({ lostIds: [one.orderId] });
});

test('an order that was refused and exists all the same is fine at its end, lost elsewhere, doubled twice', () => {
  const order = aDrillOrder(refused);
  const [a, b] = [newId(), newId()];
  const fine = { refused: 1, accepted: 0, lost: 0, doubled: 0 };
  expect(tallyOrders([order], listed(), null)).toMatchObject(fine);
  expect(tallyOrders([order], listed(a), null)).toMatchObject(fine);
  expect(tallyOrders([order], [{ id: a, status: 'PENDING' }], null)).toMatchObject({ lostIds: [a] });
  expect(tallyOrders([order], listed(b, a), null)).toMatchObject({ doubled: 1, doubledIds: [b] });
});

test('asked for once more, a refused order is known by its id, and another beside it is doubled', () => {
  const order = aDrillOrder({ ...refused, orderId: newId() });
  const copy = newId();
  expect(tallyOrders([order], listed(copy, order.orderId), null)).toMatchObject({
    accepted: 0,
    refused: 1,
    lostIds: [order.orderId],
    doubledIds: [copy],
  });
});

test('what the auditor names as done twice is doubled once, also what it only counts', () => {
  const order = aDrillOrder();
  const tally = (name: Parameters<typeof aCheck>[0], ids: (string | null)[], more = 0) =>
    tallyOrders([order], listed(order.orderId), aCheck(name, ids, more));
  const { orderId } = order;
  expect(tally('one-charge-per-order', [orderId, orderId])).toMatchObject({
    doubled: 1,
    doubledIds: [orderId],
  });
  expect(tally('one-message-per-event', [orderId], 5)).toMatchObject({ doubled: 6 });
  expect(tally('one-movement-per-reservation', [orderId])).toMatchObject({ doubled: 1 });
  expect(tally('customers-are-told', [orderId])).toMatchObject({ doubled: 0 });
});

test('the last end is of the order that was asked for last, not of the one that ended last', () => {
  const slow = aDrillOrder({ askedAt: 1_000, endedAt: 90_000 });
  const quick = aDrillOrder({ askedAt: 2_000, endedAt: 3_000 });
  const open = aDrillOrder({ askedAt: 4_000, endedAt: null });
  expect(ordersSeen([slow, quick, open])).toEqual({
    asked: 3,
    accepted: 3,
    refused: 0,
    ended: 2,
    lastEnd: { askedAt: 2_000, endedAt: 3_000 },
  });
});

test('an end is when the system says, within what is possible', () => {
  const order = aDrillOrder({ askedAt: 1_000 });
  const at = (ms: number) =>
    asRead(order, { status: 'PAID', updatedAt: new Date(ms).toISOString() }, 9_000).endedAt;
  expect([at(500), at(5_000), at(20_000)]).toEqual([1_000, 5_000, 9_000]);
  expect(asRead(order, { status: 'CONFIRMED', updatedAt: '' }, 9_000)).toEqual({ status: 'CONFIRMED' });
  expect(asRead(order, undefined, 9_000)).toEqual({ status: 'MISSING' });
});
