import { inBatches } from '@orderflow/service-kit/batches';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import { forgetOver } from './operations/forget-over.ts';
import { removeDemoAccounts } from './operations/keep-demo-accounts.ts';
import { rotateKeys } from './operations/rotate-keys.ts';

type UpkeepOptions = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  rotationDays: number;
  accessSeconds: number;
  demo: boolean;
  everyMs: number;
};

/** Rotates the signing keys and forgets what is over, now and then. Every replica does; each thing is done by one. */
export const startUpkeep = ({ db, scope, rotationDays, accessSeconds, demo, everyMs }: UpkeepOptions) =>
  startLoop({
    name: 'upkeep',
    scope,
    everyMs,
    failure: 'upkeep has to wait',
    async round(turn) {
      if (await rotateKeys(db, { rotationDays, accessSeconds })) {
        scope.log.info('a new signing key is published');
      }
      // Again and again: a replica that still runs in demo mode may have made them anew.
      if (!demo) await removeDemoAccounts(db, { log: scope.log });
      await inBatches(async () => (await forgetOver(db)) > 0, turn);
      return everyMs;
    },
  });
