import { inBatches } from '@orderflow/service-kit/batches';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import { forgetOldDrills } from './operations/forget-old-drills.ts';

const DAY_MS = 86_400_000;

type Options = {
  db: Database;
  keepDays: number;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  everyMs?: number;
};

/** Forgets old drills now and once a day, until it is stopped. */
export const startPruning = ({ db, keepDays, scope, everyMs = DAY_MS }: Options) =>
  startLoop({
    name: 'pruning',
    scope,
    everyMs,
    failure: 'old drills could not be forgotten; trying again',
    async round(turn) {
      let drills = 0;
      await inBatches(async () => {
        const batch = await forgetOldDrills(db, keepDays);
        drills += batch;
        return batch > 0;
      }, turn);
      if (drills > 0) scope.log.info({ drills, keepDays }, 'forgot old drills');
      return everyMs;
    },
  });
