import { setTimeout as sleep } from 'node:timers/promises';
import { createPace } from './pace.ts';

/** See `createPace`. Somebody waits for each call: gathering is to hold them up little. */
const REST_FACTOR = 0.5;

type Call<In, Out> = { input: In; resolve: (output: Out) => void; reject: (error: unknown) => void };

/**
 * Gathers concurrent calls into one: while a batch is being worked on, new calls wait and form the next.
 * Under load many requests share one transaction, that is one commit and one flush of the disk; alone, a
 * call waits for nobody. (Databases call it group commit.)
 *
 * `lingerMs` is the least time from the start of one batch to the next, so that calls gather: under
 * load that spares processor time, the more the less there is of it (see `createPace`). What fills a batch does not
 * wait.
 *
 * `work` gives one output per input, in order; an output that is an `Error` rejects that call only. When
 * `work` itself throws, every call of a larger batch is tried alone, so that one bad call fails only itself.
 */
export function createBatcher<In, Out>(
  work: (inputs: In[]) => Promise<(Out | Error)[]>,
  {
    maxBatch = 100,
    parallel = 2,
    lingerMs = 0,
  }: { maxBatch?: number; parallel?: number; lingerMs?: number } = {},
): (input: In) => Promise<Out> {
  const waiting: Call<In, Out>[] = [];
  const restAfter = createPace({ lingerMs, factor: REST_FACTOR });
  let running = 0;

  async function run(calls: Call<In, Out>[]): Promise<void> {
    try {
      const outputs = await work(calls.map((call) => call.input));
      calls.forEach((call, i) => {
        const output = outputs[i]!;
        if (output instanceof Error) call.reject(output);
        else call.resolve(output);
      });
    } catch (error) {
      if (calls.length === 1) calls[0]!.reject(error);
      else await Promise.all(calls.map((call) => run([call])));
    }
  }

  async function drain(): Promise<void> {
    running += 1;
    while (waiting.length > 0) {
      const begunAt = performance.now();
      await run(waiting.splice(0, maxBatch));
      const rest = restAfter(performance.now() - begunAt);
      if (rest > 0 && waiting.length < maxBatch) await sleep(rest);
    }
    running -= 1;
  }

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      // After this turn of the event loop, so that requests that were read together go together.
      if (running < parallel) setImmediate(() => waiting.length > 0 && running < parallel && void drain());
    });
}
