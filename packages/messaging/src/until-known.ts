import { setTimeout as sleep } from 'node:timers/promises';
import { databaseAnswer, OutcomeUnknownError } from '@orderflow/service-kit/database-errors';
import { ProblemError } from '@orderflow/service-kit/problem';
import { fullJitter } from './backoff.ts';

/** Whoever waits for the answer, a gateway at least, gives up after 10 s. */
const REPEAT_FOR_MS = 3_000;

/**
 * Does `work`, a transaction, and again while the outcome of the first time is unknown, for some seconds. Work that is
 * repeated must find what it did before, by a key or an id. Throws OutcomeUnknownError when Postgres stays away.
 */
export async function untilKnown<T>(work: (repeated: boolean) => Promise<T>): Promise<T> {
  let unknown: OutcomeUnknownError | undefined;
  let giveUpAt = 0;
  for (let failures = 1; ; failures++) {
    try {
      return await work(unknown !== undefined);
    } catch (error) {
      if (!unknown && error instanceof OutcomeUnknownError) {
        unknown = error;
        giveUpAt = performance.now() + REPEAT_FOR_MS;
      }
      if (!unknown || !isStillUnknown(error)) throw error;
      if (performance.now() > giveUpAt) throw unknown;
      await sleep(fullJitter(failures, { baseMs: 25, capMs: 500 }));
    }
  }
}

/** The session of the first time may still hold the key: Postgres has not yet noticed that its client is gone. */
const isStillUnknown = (error: unknown): boolean => isInProgress(error) || databaseAnswer(error) !== 'fail';

export const isInProgress = (error: unknown): boolean =>
  error instanceof ProblemError && error.code === 'request_in_progress';
