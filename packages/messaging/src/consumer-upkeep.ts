import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import { deadLetterHeap, waitingRetries } from './backlog.ts';
import { appendedAt, groupLag } from './group-lag.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { fieldOf } from './stream.ts';

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
      await forgetGoneConsumers(stream);
    }
    metrics.retries.set((await waitingRetries(db, group)).count);
    metrics.deadLetters.set((await deadLetterHeap(db, group)).count);
  }

  async function forgetGoneConsumers(stream: string): Promise<void> {
    const consumers = (await redis.xinfo('CONSUMERS', stream, group)) as (string | number)[][];
    for (const info of consumers) {
      const fields = info.map(String);
      const name = fieldOf(fields, 'name')!;
      const gone = Number(fieldOf(fields, 'idle')) > FORGET_AFTER_MS;
      // Deleting one that still holds entries would lose them: they wait to be claimed.
      if (gone && name !== instance && fieldOf(fields, 'pending') === '0') {
        await redis.xgroup('DELCONSUMER', stream, group, name);
      }
    }
  }

  const timer = setInterval(() => {
    measure().catch((error) => log.debug({ error: error.message }, 'cannot measure the group now'));
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
