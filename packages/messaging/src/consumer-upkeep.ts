import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
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
      const [pending, first] = (await redis.xpending(stream, group)) as [number, string | null];
      metrics.pending.set({ stream }, pending);
      metrics.oldestPending.set(
        { stream },
        first ? Math.max(0, Date.now() - Number(first.split('-')[0])) / 1000 : 0,
      );
      const groups = (await redis.xinfo('GROUPS', stream)) as string[][];
      const lag = fieldOf(groups.find((info) => fieldOf(info, 'name') === group) ?? [], 'lag');
      // Redis gives null after some deletions; no number is better than a wrong one.
      if (lag === null || lag === undefined) metrics.lag.remove({ stream });
      else metrics.lag.set({ stream }, Number(lag));
      await forgetGoneConsumers(stream);
    }
    const [counts] = await db.query<{ retries: number; dead: number }>(
      `SELECT (SELECT count(*) FROM messaging.retry WHERE consumer_group = $1) AS retries,
              (SELECT count(*) FROM messaging.dead_letter WHERE consumer_group = $1) AS dead`,
      [group],
    );
    metrics.retries.set(counts!.retries);
    metrics.deadLetters.set(counts!.dead);
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
