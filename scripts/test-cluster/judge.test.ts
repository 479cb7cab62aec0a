import { expect, test } from 'vitest';
import { lastPauseEnds } from './judge.ts';

const faultAt = 100_000;
const after = (...seconds: number[]) => seconds.map((it) => faultAt + it * 1000);

test('orders that complete one after the other show no pause', () => {
  expect(lastPauseEnds(after(0.2, 0.4, 1.5, 2.9), faultAt, faultAt + 20_000)).toBe(0);
});

test('a pause counts from the fault to its end, and the last one counts', () => {
  expect(lastPauseEnds(after(4, 4.1, 4.2), faultAt, faultAt + 20_000)).toBe(4);
  expect(lastPauseEnds(after(0.2, 0.4, 6, 6.1, 9, 9.2), faultAt, faultAt + 20_000)).toBe(9);
});

test('where nothing completes there is no end to wait for', () => {
  expect(lastPauseEnds([], faultAt, faultAt + 20_000)).toBe(Number.POSITIVE_INFINITY);
});

test('single orders that complete late, when no more are placed, are no pause', () => {
  expect(lastPauseEnds(after(4, 4.1, 9.9, 30), faultAt, faultAt + 10_000)).toBe(9.9);
  expect(lastPauseEnds(after(4, 4.1, 30), faultAt, faultAt + 10_000)).toBe(30);
});
