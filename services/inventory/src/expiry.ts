import { createWaker } from '@orderflow/messaging/waker';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
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
export function startExpiry({ db, scope, metrics, everyMs }: ExpiryOptions) {
  const log = scope.log.child({ part: 'expiry' });
  const loop = scope.health.watchLoop('expiry', 60_000 + everyMs);
  const waker = createWaker();
  let stopping = false;

  async function announceBatch(): Promise<number> {
    try {
      const announced = await db.transaction((tx) => announceExpired(tx, { metrics, limit: BATCH }));
      if (announced > 0) log.info({ announced }, 'reservations have expired; their orders decide');
      return announced;
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'cannot look for expired reservations now');
      return 0;
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      loop.beat();
      const announced = await announceBatch();
      if (announced < BATCH && !stopping) await waker.wait(everyMs);
    }
  }

  const running = run();
  return {
    /** Finishes the batch in hand. */
    async stop(): Promise<void> {
      stopping = true;
      waker.wake();
      await running;
      loop.done();
    },
  };
}
