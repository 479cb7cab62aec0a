import type { Keeper } from '@orderflow/messaging/handlers';
import type { AuditMetrics } from './metrics.ts';
import { keepEvents } from './operations/keep-events.ts';

/** This service does one thing about every event there is: it keeps it. */
export const createKeeper = ({ metrics }: { metrics: AuditMetrics }): Keeper => ({
  async keepAll(events, tx) {
    const kept = await keepEvents(tx, events);
    tx.afterCommit(() => metrics.countRecorded(kept));
    return kept.length;
  },
});
