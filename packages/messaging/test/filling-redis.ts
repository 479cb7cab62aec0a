import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from '@orderflow/contracts/groups';
import { testDatabase } from '@orderflow/testing/database';
import { testScope } from '@orderflow/testing/scope';
import { smallRedis } from '@orderflow/testing/small-redis';
import { onTestFinished } from 'vitest';
import { startCatchUpAnswers } from '../src/catch-up-answers.ts';
import { startConsumer } from '../src/consumer.ts';
import type { Subscriber } from '../src/handlers.ts';
import { messagingMigrations } from '../src/migrations.ts';
import { usedShare } from '../src/redis-memory.ts';
import { startRelay } from '../src/relay.ts';
import { ids, outboxWithRelay } from './outbox-with-relay.ts';

/** The producer `order` with its relay, and a Redis with room for some thousand events. */
export async function fillingRedis() {
  const { redis, url, limit } = await smallRedis();
  const { db, stream, write, unpublished } = await outboxWithRelay({ redis, url, prefix: '' });
  const used = Number((await redis.info('memory')).match(/^used_memory:(\d+)/m)?.[1]);
  await limit(used + 2_000_000);

  const { metrics } = testScope();
  const relay = startRelay({
    ...{ service: 'order', db, redis, instance: 'a', upkeepMs: 50, lingerMs: 5 },
    scope: { ...testScope(), metrics },
  });
  onTestFinished(() => relay.stop());
  const answers = startCatchUpAnswers({ service: 'order', db, redis, scope: testScope() });
  onTestFinished(() => answers.stop());

  const consumerDb = await testDatabase([messagingMigrations]);
  await consumerDb.query('CREATE TABLE handled (event_id uuid, order_id uuid, UNIQUE (event_id))');
  const handled = async () =>
    (await consumerDb.query<{ id: string }>('SELECT order_id AS id FROM handled ORDER BY 1')).map(
      ({ id }) => id,
    );
  const INSERT = 'INSERT INTO handled SELECT * FROM unnest($1::uuid[], $2::uuid[])';
  const consume = (group: Group, handlers: Subscriber) => {
    const consumer = startConsumer({
      ...{ group, handlers, db: consumerDb, redis, redisUrl: url, instance: group },
      ...{ scope: testScope(), blockMs: 100, wantsKnownMs: 10 },
    });
    onTestFinished(() => consumer.stop());
    return consumer;
  };

  return {
    ...{ db, redis, unpublished },
    /** Writes events of separate orders; returns the orders in the order of their ids. */
    async write(count: number): Promise<string[]> {
      const orders = ids(count);
      for (let from = 0; from < count; from += 500) await write(orders.slice(from, from + 500));
      return orders.sort();
    },
    /** Groups that read and acknowledge all there is, until the test ends. */
    drain(groups: Group[]): void {
      for (const group of groups) {
        const stopped = new AbortController();
        const running = acknowledgeAll(group, stopped.signal);
        onTestFinished(async () => {
          stopped.abort();
          await running;
        });
      }
    },
    // A second event of an order violates the key: whoever handles one twice is told.
    startPayment: () =>
      consume('payment', {
        'order.fulfilled': async (events, tx) => {
          await tx.query(INSERT, [events.map(({ id }) => id), events.map(({ data }) => data.orderId)]);
        },
      }),
    handledByPayment: handled,
    startAuditor: () =>
      consume('auditor', {
        async keepAll(events, tx) {
          const kept = await tx.query(`${INSERT} ON CONFLICT DO NOTHING RETURNING event_id`, [
            events.map(({ id }) => id),
            events.map(({ orderid }) => orderid),
          ]);
          return kept.length;
        },
      }),
    keptByAuditor: handled,
    /** What the auditor has still to read from the outbox. */
    openRows: () =>
      consumerDb.query("SELECT 1 FROM messaging.catch_up WHERE producer = 'order' AND NOT done"),
    share: async () => (await usedShare(redis)) ?? 0,
    async relayMetric(name: string): Promise<number> {
      const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
      return values.reduce((sum, { value }) => sum + value, 0);
    },
  };

  async function acknowledgeAll(group: Group, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reply = (await redis
        .xreadgroup('GROUP', group, 'c', 'COUNT', 100, 'STREAMS', stream, '>')
        .catch(() => null)) as [string, [string, string[]][]][] | null;
      const entries = reply?.[0]?.[1] ?? [];
      if (entries.length > 0) await redis.xack(stream, group, ...entries.map(([id]) => id));
      else await sleep(20, undefined, { signal }).catch(() => {});
    }
  }
}
