import type { Envelope } from '@orderflow/contracts/envelope';
import { producers, type ServiceName } from '@orderflow/contracts/events';
import { startConsumer } from '@orderflow/messaging/consumer';
import { listDeadLetters } from '@orderflow/messaging/dead-letters';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { streamKey } from '@orderflow/messaging/stream';
import { testDatabase } from '@orderflow/testing/database';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { PrismaPg } from '@prisma/adapter-pg';
import { onTestFinished } from 'vitest';
import { createApp } from '../src/app.ts';
import { createKeeper } from '../src/consumers.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createAuditMetrics } from '../src/metrics.ts';
import { keepEvents } from '../src/operations/keep-events.ts';

const migrations = [messagingMigrations, new URL('../prisma/migrations/', import.meta.url)];

/** The auditor on a database and streams of its own: its app, and its consumer when a test starts it. */
export async function auditorHarness() {
  const db = await testDatabase(migrations);
  const { redis, url, prefix } = testRedis();
  const scope = testScope();
  const streamOf = (service: ServiceName) => streamKey(service, prefix);

  return {
    db,
    redis,
    prefix,
    scope,
    app: createApp({ scope, prisma: new PrismaClient({ adapter: new PrismaPg(db.pool) }) }),
    /** Starts a replica; each has metrics of its own. */
    start(instance = 'a', { batchSize }: { batchSize?: number } = {}) {
      const { metrics } = testScope();
      const consumer = startConsumer({
        group: 'auditor',
        handlers: createKeeper({ metrics: createAuditMetrics(metrics) }),
        db,
        redis,
        redisUrl: url,
        scope: { ...scope, metrics },
        instance,
        prefix,
        blockMs: 200,
        handlerTimeoutMs: 1_000,
        retryBackoff: { baseMs: 5, capMs: 20 },
        batchSize,
      });
      onTestFinished(() => consumer.stop());
      return { metrics, stop: consumer.stop };
    },
    /** Appends events to the streams of their sources, as relays would. */
    async publish(...events: Envelope[]): Promise<void> {
      for (const event of events) {
        await redis.xadd(streamOf(event.source as ServiceName), '*', 'event', JSON.stringify(event));
      }
    },
    publishRaw: (service: ServiceName, body: string) => redis.xadd(streamOf(service), '*', 'event', body),
    /** Records events without streams. */
    record: (events: Envelope[]) => db.transaction((tx) => keepEvents(tx, events)),
    recordedIds: async (): Promise<string[]> =>
      (await db.query<{ event_id: string }>('SELECT event_id FROM events ORDER BY event_id')).map(
        (row) => row.event_id,
      ),
    deadLetters: () => listDeadLetters(db),
    async pending(): Promise<number> {
      const counts = await Promise.all(
        producers.map(
          async (service) => ((await redis.xpending(streamOf(service), 'auditor')) as [number])[0],
        ),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
