import { expect, test } from 'vitest';
import { type Figure, holds, median, table } from './report.ts';

const figure = (values: number[]): Figure => ({
  name: 'place order',
  values,
  unit: 'ms',
  must: 50,
  goal: 15,
  better: 'less',
});

test('the median is the middle value, or between the two in the middle', () => {
  expect(median([127, 43, 47])).toBe(47);
  expect(median([4, 1])).toBe(2.5);
  expect(median([])).toBeUndefined();
});

test('one round out of bounds does not fail a figure, two of three do', () => {
  expect(holds(figure([127, 43, 47]))).toBe(true);
  expect(holds(figure([127, 51, 47]))).toBe(false);
  expect(holds({ ...figure([127, 51, 47]), better: 'more' })).toBe(true);
});

test('what this machine cannot measure fails nothing, and is shown as not measured', () => {
  expect(holds(figure([]))).toBe(true);
  expect(table([figure([])])).toContain('–');
});

test('the table shows the median, how far the rounds lie apart, and a mark where the bound does not hold', () => {
  const [, good, bad] = table([figure([127, 43, 47]), figure([51])]).split('\n');
  expect(good).toMatch(/^✓ +place order +47 +43 – 127 +ms +≤ 50 +≤ 15$/);
  expect(bad).toMatch(/^✗ +place order +51 +ms +≤ 50 +≤ 15$/);
});
