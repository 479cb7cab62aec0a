import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { withDeadline } from './deadline.ts';

test('work that takes too long is told to stop, and why', async () => {
  const work = withDeadline(10, (signal) => sleep(3_600_000, undefined, { signal }));
  const error = await work.catch((error: Error) => error);
  expect(String((error as Error).cause)).toBe('TimeoutError: there was no answer within 10 ms');
});

test.each([
  ['in time', () => Promise.resolve('done')],
  ['with an error', () => Promise.reject(new Error('refused'))],
])('work that ends %s leaves no timer behind', async (_how, work) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const outcome = await withDeadline(10, work).catch((error: Error) => error.message);
  expect(['done', 'refused']).toContain(outcome);
  expect(vi.getTimerCount()).toBe(0);
});
