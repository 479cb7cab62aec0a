import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventually } from '@orderflow/testing/eventually';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBatcher } from './batcher.ts';

/** Work that ends when the test says so; the batches it got are in `batches`. */
function work({ output = (n: number): number | Error => n * 10 } = {}) {
  const batches: number[][] = [];
  const under: (() => void)[] = [];
  let mostAtOnce = 0;
  return {
    batches,
    mostAtOnce: () => mostAtOnce,
    run: async (inputs: number[]) => {
      batches.push(inputs);
      const end = Promise.withResolvers<void>();
      under.push(end.resolve);
      mostAtOnce = Math.max(mostAtOnce, under.length);
      await end.promise;
      return inputs.map(output);
    },
    async endOldest() {
      under.shift()?.();
      await nextTurn();
    },
  };
}

test('a call that comes alone waits for nobody', async () => {
  const { run, batches, endOldest } = work();
  const call = createBatcher(run);
  const answer = call(1);
  await nextTurn();
  expect(batches).toEqual([[1]]);
  await endOldest();
  expect(await answer).toBe(10);
});

test('calls of one turn go together, and each gets its own output', async () => {
  const { run, batches, endOldest } = work();
  const call = createBatcher(run);
  const answers = Promise.all([call(1), call(2), call(3)]);
  await nextTurn();
  await endOldest();
  expect(await answers).toEqual([10, 20, 30]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('what comes while batches are under way forms the next, none larger than allowed', async () => {
  const { run, batches, endOldest } = work();
  const call = createBatcher(run, { maxBatch: 2, parallel: 1 });
  const answers = [call(1)];
  await nextTurn();
  for (const n of [2, 3, 4]) answers.push(call(n));
  await nextTurn();
  expect(batches).toEqual([[1]]);
  await endOldest();
  expect(batches).toEqual([[1], [2, 3]]);
  await endOldest();
  await endOldest();
  expect(await Promise.all(answers)).toEqual([10, 20, 30, 40]);
  expect(batches).toEqual([[1], [2, 3], [4]]);
});

test('with a linger, calls that come soon after a batch gather for the next; the first after a pause waits for nobody', async () => {
  const { run, batches, endOldest } = work();
  const call = createBatcher(run, { parallel: 1, lingerMs: 300 });
  const answers = [call(1)];
  await nextTurn();
  expect(batches).toEqual([[1]]);
  await endOldest();
  for (const n of [2, 3]) {
    answers.push(call(n));
    await nextTurn();
  }
  expect(batches).toEqual([[1]]);
  await eventually(() => expect(batches).toEqual([[1], [2, 3]]));
  await endOldest();
  expect(await Promise.all(answers)).toEqual([10, 20, 30]);
});

test('a linger does not hold up what fills a batch', async () => {
  const { run, batches, endOldest } = work();
  const call = createBatcher(run, { maxBatch: 1, parallel: 1, lingerMs: 3_600_000 });
  const answers = Promise.all([call(1), call(2)]);
  await nextTurn();
  await endOldest();
  await endOldest();
  expect(await answers).toEqual([10, 20]);
  expect(batches).toEqual([[1], [2]]);
});

test('an output that is an error refuses its own call only, and nothing is done again', async () => {
  const batches: number[][] = [];
  const call = createBatcher(async (inputs: number[]) => {
    batches.push(inputs);
    return inputs.map((n) => (n === 2 ? new Error('not two') : n));
  });
  const answers = await Promise.allSettled([call(1), call(2), call(3)]);
  expect(answers).toMatchObject([{ value: 1 }, { reason: new Error('not two') }, { value: 3 }]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('when the work throws, each call is tried alone once, and only the bad one fails', async () => {
  const batches: number[][] = [];
  const call = createBatcher(async (inputs: number[]) => {
    batches.push(inputs);
    if (inputs.includes(2)) throw new Error('two breaks it');
    return inputs;
  });
  const answers = await Promise.allSettled([call(1), call(2), call(3)]);
  expect(answers).toMatchObject([{ value: 1 }, { reason: new Error('two breaks it') }, { value: 3 }]);
  expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
});

test('a call that fails alone is not tried again, and the next one finds the batcher at work', async () => {
  let attempts = 0;
  const call = createBatcher(async (inputs: number[]) => {
    attempts += 1;
    if (attempts === 1) throw new Error('down');
    return inputs;
  });
  await expect(call(1)).rejects.toThrow('down');
  expect(attempts).toBe(1);
  expect(await call(2)).toBe(2);
});

test('in whatever rhythm calls come and batches end, each call is answered once and the limits hold', async () => {
  const rhythm = fc.array(fc.constantFrom('call', 'end', 'turn'), { maxLength: 60 });
  const limits = fc.record({
    maxBatch: fc.integer({ min: 1, max: 4 }),
    parallel: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(rhythm, limits, async (steps, { maxBatch, parallel }) => {
      const { run, batches, endOldest, mostAtOnce } = work({
        output: (n) => (n % 5 === 0 ? new Error(`${n}`) : n),
      });
      const call = createBatcher(run, { maxBatch, parallel });
      const answers: Promise<unknown>[] = [];
      for (const step of steps) {
        if (step === 'call') answers.push(call(answers.length + 1).catch((error: Error) => error.message));
        if (step === 'end') await endOldest();
        if (step === 'turn') await nextTurn();
      }
      while (batches.flat().length < answers.length) await endOldest();
      for (const _ of batches) await endOldest();
      expect(await Promise.all(answers)).toEqual(
        answers.map((_, i) => ((i + 1) % 5 === 0 ? `${i + 1}` : i + 1)),
      );
      expect(batches.flat()).toEqual(answers.map((_, i) => i + 1));
      expect(Math.max(0, ...batches.map((batch) => batch.length))).toBeLessThanOrEqual(maxBatch);
      expect(mostAtOnce()).toBeLessThanOrEqual(parallel);
    }),
    { numRuns: 200 },
  );
});
