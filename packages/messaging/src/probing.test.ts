import { expect, test } from 'vitest';
import { createProbing } from './probing.ts';

const every100 = () => {
  const clock = { now: 1_000 };
  const probing = createProbing({ concurrency: 3, probeEveryMs: 100, now: () => clock.now });
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) probing.unanswered();
  };
  return { ...probing, fail, clock };
};

test('as long as some calls are answered, as many are claimed as can be made at once', () => {
  const { limit, fail, answered } = every100();
  fail(2);
  expect(limit(1)).toBe(3);
  answered();
  fail(2);
  expect(limit(0)).toBe(3);
});

test('after as many calls without an answer as can be made at once, one at a time may probe', () => {
  const { limit, fail, clock } = every100();
  fail(3);
  expect([limit(2), limit(0), limit(0)]).toEqual([0, 1, 0]);
  clock.now += 99;
  expect(limit(0)).toBe(0);
  clock.now += 1;
  expect([limit(1), limit(0)]).toEqual([0, 1]);
});

test('the first answer ends the probing', () => {
  const { limit, fail, answered } = every100();
  fail(10);
  answered();
  expect(limit(1)).toBe(3);
});
