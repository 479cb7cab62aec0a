import { setTimeout as sleep } from 'node:timers/promises';
import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import type { Logger } from '@orderflow/service-kit/logger';
import type { DatabaseAnswer } from '@orderflow/service-kit/sql-states';
import { fullJitter } from './backoff.ts';

/** Work that loses this often in a row against other transactions is not repeated any more. */
const MAX_REPEATS = 10;

type Options = {
  log: Logger;
  /** Shows that the loop is alive. */
  beat: () => void;
  isStopping: () => boolean;
};

/** Makes the function that does work again for as long as Postgres, not the work, is at fault. */
export function createWaitOut({ log, beat, isStopping }: Options) {
  /**
   * Does `work` until it succeeds or fails by an error that `waits` does not name. No attempt is counted meanwhile.
   * Throws every error while the loop stops.
   */
  return async function waitOut<T>(
    work: () => Promise<T>,
    waits: readonly DatabaseAnswer[] = ['wait', 'repeat'],
  ): Promise<T> {
    let repeats = 0;
    for (let failures = 1; ; failures++) {
      beat();
      try {
        return await work();
      } catch (error) {
        const answer = databaseAnswer(error);
        repeats = answer === 'repeat' ? repeats + 1 : 0;
        if (!waits.includes(answer) || repeats > MAX_REPEATS || isStopping()) throw error;
        log.warn({ error: (error as Error).message, answer }, 'Postgres cannot do it now; the events wait');
        await sleep(fullJitter(failures, { baseMs: 50, capMs: 2_000 }));
      }
    }
  };
}

/** For what must be kept before anything else happens, such as a row of the retry table. */
export const WHATEVER_THE_SERVER = ['wait', 'repeat', 'set aside'] as const;
