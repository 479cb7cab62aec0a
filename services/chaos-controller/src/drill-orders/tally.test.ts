import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { aCheck, aDrillOrder } from '../../test/drill-samples.ts';
import { asRead } from './drill-order.ts';
import { ordersSeen, tallyOrders as tallyWith } from './tally.ts';

const refused = { orderId: null, acceptedAt: null, refusedAt: 31_000, status: null, endedAt: null };
/** Of a drill that gave every order its time. */
const tallyOrders = (
  orders: Parameters<typeof tallyWith>[0],
  listing: Parameters<typeof tallyWith>[1]['listed'],
  check: Parameters<typeof tallyWith>[1]['check'],
) => tallyWith(orders, { listed: listing, check, settled: true });
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
    open: 0,
    openIds: [],
    lost: 2,
    lostIds: [stuck.orderId, gone.orderId],
    doubled: 0,
    doubledIds: [],
  });
});

test('in a drill that ended early, what is on its way is open, and only what is gone is lost', () => {
  const stuck = aDrillOrder({ status: 'CONFIRMED', endedAt: null });
  const unread = aDrillOrder({ status: null, endedAt: null });
  const gone = aDrillOrder({ status: 'MISSING', endedAt: null });
  const unlisted = aDrillOrder({ status: 'CONFIRMED', endedAt: null });
  const unanswered = aDrillOrder({ ...refused, refusedAt: null });
  const stray = { id: newId(), status: 'PENDING' };
  const found = [...listed(stuck.orderId, unread.orderId, gone.orderId), stray];
  const all = [stuck, unread, gone, unlisted, unanswered];
  const tally = (listing: typeof found | null) =>
    tallyWith(all, { listed: listing, check: null, settled: false });
  expect(tally(found)).toMatchObject({
    open: 3,
    openIds: [stuck.orderId, unread.orderId, stray.id],
    lost: 2,
    lostIds: [gone.orderId, unlisted.orderId],
  });
  expect(tally(null)).toMatchObject({ open: 3, lost: 1, lostIds: [gone.orderId] });
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
    cancelled: 0,
    openSince: 4_000,
    lastEnd: { askedAt: 2_000, endedAt: 3_000 },
    lastEnds: [
      { at: 3_000, cancelled: false, tookMs: 1_000 },
      { at: 90_000, cancelled: false, tookMs: 89_000 },
    ],
  });
});

test('of the ends the last ten are seen, in the order in which they came, and whether each was a cancellation', () => {
  const orders = Array.from({ length: 14 }, (_, i) =>
    aDrillOrder({ endedAt: 50_000 - i * 1_000, status: i < 3 ? 'CANCELLED' : 'PAID' }),
  );
  const { cancelled, lastEnds } = ordersSeen(orders);
  expect(cancelled).toBe(3);
  expect(lastEnds.map(({ at }) => at)).toEqual(Array.from({ length: 10 }, (_, i) => 41_000 + i * 1_000));
  expect(lastEnds.filter((end) => end.cancelled).map(({ at }) => at)).toEqual([48_000, 49_000, 50_000]);
});

test('an order waits for its end from when it was asked for, also without an answer, until it is refused', () => {
  const waiting = (changes: Parameters<typeof aDrillOrder>[0]) =>
    ordersSeen([aDrillOrder(), aDrillOrder({ askedAt: 5_000, endedAt: null, ...changes })]).openSince;
  expect(waiting({ status: 'CONFIRMED' })).toBe(5_000);
  expect(waiting({ ...refused, refusedAt: null })).toBe(5_000);
  expect(waiting(refused)).toBeNull();
});

test('an end is when the system says, within what is possible', () => {
  const order = aDrillOrder({ askedAt: 1_000 });
  const at = (ms: number) =>
    asRead(order, { status: 'PAID', updatedAt: new Date(ms).toISOString() }, 9_000).endedAt;
  expect([at(500), at(5_000), at(20_000)]).toEqual([1_000, 5_000, 9_000]);
  expect(asRead(order, { status: 'CONFIRMED', updatedAt: '' }, 9_000)).toEqual({ status: 'CONFIRMED' });
  expect(asRead(order, undefined, 9_000)).toEqual({ status: 'MISSING' });
});
