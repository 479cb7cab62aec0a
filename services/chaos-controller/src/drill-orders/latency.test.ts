import { expect, test } from 'vitest';
import { aDrillOrder } from '../../test/drill-samples.ts';
import { latencies, paceOf, percentile } from './latency.ts';
import { slidingTries } from './tries.ts';

test('a percentile is a value that was measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([50, 95, 99, 100].map((p) => percentile(hundred, p))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 99)).toBe(7);
  expect(percentile([1, 1_000], 50)).toBe(1);
  expect(percentile([], 95)).toBeNull();
});

const taking = (askedAt: number, ms: number) =>
  aDrillOrder({ askedAt, acceptedAt: askedAt + ms, endedAt: askedAt + ms + 100 });

test('orders count by when they were asked for: before the fault, until recovery, and after', () => {
  const orders = [taking(1_000, 10), taking(2_000, 4_000), taking(4_000, 3_000), taking(5_000, 20)];
  expect(latencies(orders, { injectedAt: 2_000, recoveredAt: 5_000 })).toEqual({
    before: { orders: 1, p50: 10, p95: 10, p99: 10, endP95: 110 },
    during: { orders: 2, p50: 3_000, p95: 4_000, p99: 4_000, endP95: 4_100 },
    after: { orders: 1, p50: 20, p95: 20, p99: 20, endP95: 120 },
  });
});

test('without recovery all after the fault is during it, and without a fault all is before', () => {
  const orders = [taking(1_000, 10), taking(6_000, 20)];
  const count = (times: { injectedAt: number | null; recoveredAt: number | null }) => {
    const { before, during, after } = latencies(orders, times);
    return [before.orders, during.orders, after.orders];
  };
  expect(count({ injectedAt: 2_000, recoveredAt: null })).toEqual([1, 1, 0]);
  expect(count({ injectedAt: null, recoveredAt: null })).toEqual([2, 0, 0]);
});

test('orders that were not accepted have no latency, and those not at their end none to it', () => {
  const refused = aDrillOrder({ acceptedAt: null, endedAt: null });
  const stuck = aDrillOrder({ askedAt: 1_000, acceptedAt: 1_030, endedAt: null });
  expect(latencies([refused, stuck], { injectedAt: null, recoveredAt: null }).before).toEqual({
    orders: 1,
    p50: 30,
    p95: 30,
    p99: 30,
    endP95: null,
  });
});

test('the pace counts every end once, in at most sixty slices', () => {
  const ends = [0, 900, 1_000, 2_500];
  const orders = ends.map((endedAt) => aDrillOrder({ askedAt: 0, endedAt }));
  expect(paceOf(orders)).toEqual({ from: '1970-01-01T00:00:00.000Z', sliceSeconds: 1, ended: [2, 1, 1] });
  const hour = paceOf([...orders, aDrillOrder({ askedAt: 0, endedAt: 3_600_000 })])!;
  expect(hour.ended.length).toBeLessThanOrEqual(60);
  expect(hour.ended.reduce((sum, n) => sum + n)).toBe(5);
  expect(paceOf([aDrillOrder({ endedAt: null })])).toBeNull();
});

test('tries that are older than the window do not count', () => {
  const tries = slidingTries(10_000);
  tries.add(false, 0);
  tries.add(true, 5_000);
  tries.add(false, 6_000);
  expect(tries.count(9_999)).toEqual({ good: 1, bad: 2 });
  expect(tries.count(10_000)).toEqual({ good: 1, bad: 1 });
  expect(tries.count(15_500)).toEqual({ good: 0, bad: 1 });
  expect(tries.count(60_000)).toEqual({ good: 0, bad: 0 });
});
