import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import { deadLetterHeap, waitingRetries } from './backlog.ts';
import { forgetGoneConsumers } from './forget-gone-consumers.ts';
import { appendedAt, groupLag } from './group-lag.ts';
import type { ConsumerMetrics } from './metrics.ts';

type WatchOptions = {
  redis: Redis;
  db: Database;
  streams: string[];
  group: Group;
  instance: string;
  metrics: ConsumerMetrics;
  log: Logger;
  everyMs?: number;
};

/** Consumers of the group that have not asked for anything this long and hold nothing are forgotten. */
const FORGET_AFTER_MS = 60 * 60 * 1000;

/** Measures how far a consumer group is behind, every few seconds, and forgets replicas that are gone. */
export function watchGroup({
  redis,
  db,
  streams,
  group,
  instance,
  metrics,
  log,
  everyMs = 5_000,
}: WatchOptions) {
  async function measure(): Promise<void> {
    for (const stream of streams) {
      const { pending, firstPending, lag } = await groupLag(redis, stream, group);
      metrics.pending.set({ stream }, pending);
      metrics.oldestPending.set(
        { stream },
        firstPending ? Math.max(0, Date.now() - appendedAt(firstPending)) / 1000 : 0,
      );
      if (lag === null) metrics.lag.remove({ stream });
      else metrics.lag.set({ stream }, lag);
      await forgetGoneConsumers(redis, stream, { group, instance, idleMs: FORGET_AFTER_MS });
    }
    metrics.retries.set((await waitingRetries(db, group)).count);
    metrics.deadLetters.set((await deadLetterHeap(db, group)).count);
  }

  const timer = setInterval(() => {
    measure().catch((error) => log.debug({ error: error.message }, 'cannot measure the group now'));
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
