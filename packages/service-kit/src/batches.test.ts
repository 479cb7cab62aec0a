import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { inBatches } from './batches.ts';

const turn = () => {
  const stopping = new AbortController();
  return { stopping, signal: stopping.signal, beat: vi.fn() };
};

test('batches are repeated until one says that nothing is left, and each of them beats', async () => {
  const loop = turn();
  const left = [true, true, false, true];
  await inBatches(async () => left.shift()!, loop);
  expect(left).toEqual([true]);
  expect(loop.beat).toHaveBeenCalledTimes(3);
});

test('a loop that is asked to stop neither waits for the end of its rest nor begins another batch', async () => {
  const loop = turn();
  let batches = 0;
  const running = inBatches(async () => {
    batches += 1;
    await sleep(50);
    loop.stopping.abort();
    return true;
  }, loop);
  await running;
  expect(batches).toBe(1);
});

test('the database rests longer than it works', async () => {
  const batches: { begunAt: number; endedAt: number }[] = [];
  await inBatches(async () => {
    const begunAt = performance.now();
    await sleep(20);
    batches.push({ begunAt, endedAt: performance.now() });
    return batches.length < 2;
  }, turn());
  const [first, second] = batches;
  const worked = first!.endedAt - first!.begunAt;
  // The factor is 3. A timer may fire a little early, so the bound is below it.
  expect(second!.begunAt - first!.endedAt).toBeGreaterThan(2.5 * worked);
});

test('a batch that fails ends the batches with its error', async () => {
  const failing = inBatches(async () => Promise.reject(new Error('no')), turn());
  await expect(failing).rejects.toThrow('no');
});
