import { expect, test } from 'vitest';
import { createShares } from './shares.ts';

test('a key takes up to its bound, all keys together up to theirs, and what was given back can be taken', () => {
  const shares = createShares({ total: 5, each: 3 });
  expect([shares.take('a', 3), shares.take('a'), shares.take('b', 2), shares.take('c')]).toEqual([
    undefined,
    'each',
    undefined,
    'total',
  ]);
  expect(shares.inAll()).toBe(5);
  shares.giveBack('a', 2);
  expect([shares.take('c', 2), shares.take('c'), shares.inAll()]).toEqual([undefined, 'total', 5]);
});

test('a refusal takes nothing', () => {
  const shares = createShares({ total: 10, each: 3 });
  expect([shares.take('a', 4), shares.inAll(), shares.take('a', 3)]).toEqual(['each', 0, undefined]);
});

test('what has no key counts in all only', () => {
  const shares = createShares({ total: 3, each: 1 });
  expect([shares.take(undefined, 2), shares.take('a'), shares.take(undefined)]).toEqual([
    undefined,
    undefined,
    'total',
  ]);
  shares.giveBack(undefined, 2);
  expect(shares.inAll()).toBe(1);
});
