import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withDeadline } from './deadline.ts';

test('work that takes too long is told to stop, and why', async () => {
  const work = withDeadline(10, (signal) => sleep(3_600_000, undefined, { signal }));
  await expect(work).rejects.toMatchObject({ cause: { name: 'TimeoutError', message: /within 10 ms/ } });
});

test('work that ends in time gives what it gives, and its signal stays quiet', async () => {
  let heard: AbortSignal | undefined;
  const work = async (signal: AbortSignal) => {
    heard = signal;
    return 'done';
  };
  expect(await withDeadline(10, work)).toBe('done');
  await sleep(20);
  expect(heard?.aborted).toBe(false);
});
