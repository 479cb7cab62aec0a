import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

test('after a short batch it rests until the linger is over', () => {
  const rest = createPace({ lingerMs: 40, factor: 4 });
  expect(rest(10)).toBe(30);
  expect(rest(1)).toBe(39);
});

test('when batches keep taking long it rests longer than they take', () => {
  const rest = createPace({ lingerMs: 10, factor: 4 });
  const rests = Array.from({ length: 100 }, () => rest(30));
  expect(rests.at(-1)).toBeCloseTo(80, 1);
});

test('batches that take a little are no reason to rest longer', () => {
  const rest = createPace({ lingerMs: 5, factor: 4 });
  for (let i = 0; i < 100; i++) expect(rest(9)).toBe(0);
});

test('a batch that takes longer than the linger is followed at once, never after a negative pause', () => {
  const rest = createPace({ lingerMs: 28, factor: 4 });
  expect(rest(39)).toBe(0);
});

test('one slow batch hardly lengthens the rest, and is forgotten', () => {
  const rest = createPace({ lingerMs: 40, factor: 4 });
  for (let i = 0; i < 100; i++) rest(5);
  expect(rest(10_000)).toBeLessThan(20);
  for (let i = 0; i < 5; i++) rest(5);
  expect(rest(5)).toBe(35);
});

test('it never rests longer than a tenth of a second, unless its linger is longer', () => {
  const rest = createPace({ lingerMs: 10, factor: 10 });
  const rests = Array.from({ length: 100 }, () => rest(5_000));
  expect(Math.max(...rests)).toBe(100);
  expect(createPace({ lingerMs: 1_000, factor: 10 })(100)).toBe(900);
});

test('with a linger of 0 it never rests', () => {
  const rest = createPace({ lingerMs: 0, factor: 4 });
  expect([rest(0), rest(50), rest(5_000)]).toEqual([0, 0, 0]);
});
