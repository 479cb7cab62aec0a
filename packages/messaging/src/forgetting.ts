import { inBatches } from '@orderflow/service-kit/batches';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { type LoopTurn, startLoop } from '@orderflow/service-kit/loop';
import { type Batch, KEPT_MS, type Walk } from './forget-old-rows.ts';
import { createForgettingMetrics } from './metrics.ts';

const BATCH = 1_000;

/** Rows that came to lie before the start of the walk, because they were written late, are found this often. */
const FROM_THE_START_EVERY_MS = 3_600_000;

type Options = { db: Database; scope: Pick<ServiceScope, 'log' | 'health' | 'metrics'>; everyMs?: number };

/**
 * Forgets what is past its time, one loop for each table, apart from all that somebody waits for: once a minute until
 * nothing old is left, in small batches with rests between them. Every replica does; two of them share the work.
 */
export function createForgetting({ db, scope, everyMs = 60_000 }: Options) {
  const metrics = createForgettingMetrics(scope.metrics);

  function start(walk: Walk) {
    const { table } = walk;
    /** Nothing is left up to here. */
    let from = walk.start;
    let fromTheStartAt = performance.now() + FROM_THE_START_EVERY_MS;

    async function forgetAll(turn: LoopTurn): Promise<void> {
      if (performance.now() >= fromTheStartAt) {
        from = walk.start;
        fromTheStartAt = performance.now() + FROM_THE_START_EVERY_MS;
      }
      let after = from;
      let oldestKept: Date | null = null;
      await inBatches(async () => {
        const batch: Batch = await walk.batch(db, after, BATCH);
        metrics.forgotten.inc({ table }, batch.forgotten);
        oldestKept ??= batch.oldestKept;
        after = batch.last ?? after;
        if (oldestKept === null) from = after;
        return batch.old === BATCH;
      }, turn);
      metrics.setOldest(table, oldestKept, KEPT_MS[table]);
    }

    return startLoop({
      name: `forget-${table}`,
      scope,
      everyMs,
      failure: `old rows of ${table} are forgotten later`,
      async round(turn) {
        await forgetAll(turn);
        return everyMs;
      },
    });
  }

  return { start };
}
