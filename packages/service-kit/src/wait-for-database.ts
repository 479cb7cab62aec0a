import { setTimeout as sleep } from 'node:timers/promises';
import { databaseAnswer } from './database-errors.ts';
import type { Logger } from './logger.ts';

const EVERY_MS = 1_000;
const SAY_EVERY_MS = 10_000;

/**
 * Does what a start needs of Postgres, again every second for as long as the server is at fault, however long that is:
 * a start that ended would only be begun again, later each time. Throws every other error.
 */
export async function waitForDatabase<T>(work: () => Promise<T>, { log }: { log: Logger }): Promise<T> {
  let sayAt = 0;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // An error of a migration has that of Postgres as its cause.
      const { cause, message } = error as Error;
      if (databaseAnswer(error) === 'fail' && databaseAnswer(cause) === 'fail') throw error;
      if (performance.now() >= sayAt) {
        sayAt = performance.now() + SAY_EVERY_MS;
        log.warn(
          { error: message },
          'waiting for the database; see that DATABASE_URL is right and its server runs',
        );
      }
      await sleep(EVERY_MS);
    }
  }
}
