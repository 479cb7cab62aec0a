import { expect, test } from 'vitest';
import { formatLogLine } from './log-line.ts';

const time = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
const line = (entry: object) =>
  formatLogLine('order', JSON.stringify({ level: 30, time, service: 'order', ...entry }), false);

test('a line has the time, the service, the level, the message and its fields', () => {
  expect(line({ msg: 'placed', orderId: 'o1', total: { amount: 5 } })).toBe(
    '03:04:05.006 order        INFO  placed orderId=o1 total={"amount":5}',
  );
});

test('a request is one phrase, an error has its stack below', () => {
  expect(
    line({ msg: 'request', req: { method: 'GET', url: '/orders' }, res: { statusCode: 200 } }),
  ).toContain('request GET /orders 200');
  expect(line({ level: 50, msg: 'failed', error: { message: 'no', stack: 'Error: no\n    at place' } })).toBe(
    '03:04:05.006 order        ERROR failed\n    Error: no\n    at place',
  );
});

test('what is no JSON is shown as it came', () => {
  expect(formatLogLine('order', '{broken', false)).toMatch(/^[\d:.]{12} order {14}\{broken$/);
});

test('colours are only for terminals', () => {
  expect(formatLogLine('order', '{"level":50,"msg":"failed"}', true)).toContain('\u001b[31mERROR');
});
