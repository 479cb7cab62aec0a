import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import type { InventoryMetrics } from './metrics.ts';
import { announceExpired } from './operations/announce-expired.ts';

const BATCH = 100;

type ExpiryOptions = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: InventoryMetrics;
  everyMs: number;
};

/** The clock: announces holds that have run out. Every replica has one; each hold is announced by one of them. */
export const startExpiry = ({ db, scope, metrics, everyMs }: ExpiryOptions) =>
  startLoop({
    name: 'expiry',
    scope,
    everyMs,
    failure: 'cannot look for expired reservations now',
    async round() {
      const announced = await db.transaction((tx) => announceExpired(tx, { metrics, limit: BATCH }));
      if (announced > 0) scope.log.info({ announced }, 'reservations have expired; their orders decide');
      return announced < BATCH ? everyMs : 0;
    },
  });
