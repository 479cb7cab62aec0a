import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { forgetOldDrills } from './operations/forget-old-drills.ts';

const DAY_MS = 86_400_000;

type Options = { db: Database; keepDays: number; log: Logger; everyMs?: number };

/** Forgets old drills now and once a day, until it is stopped. */
export function startPruning({ db, keepDays, log, everyMs = DAY_MS }: Options) {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await forgetOldDrills(db, keepDays).then(
        (drills) => drills > 0 && log.info({ drills, keepDays }, 'forgot old drills'),
        (error) => log.warn({ error }, 'old drills could not be forgotten; trying again'),
      );
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
