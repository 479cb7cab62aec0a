import { newId } from '@orderflow/contracts/ids';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished } from 'vitest';
import { startConsumer } from '../src/consumer.ts';
import { messagingMigrations } from '../src/migrations.ts';
import { appendToOutbox } from '../src/outbox.ts';
import { startRelay } from '../src/relay.ts';
import { noteEffects } from './note-effects.ts';

/** A relay and a consumer, as in two services, that have nothing in common but the Redis at `url`. */
export async function wayThroughRedis({ url, prefix = 'way:' }: { url: string; prefix?: string }) {
  const db = await testDatabase([messagingMigrations]);
  await db.query('CREATE TABLE effects (order_id uuid, attempt int)');
  const scope = testScope();
  const open = (name: string) => {
    const redis = createCommandClient({ url, name, log: scope.log, timeoutMs: 1_000 });
    onTestFinished(() => redis.disconnect());
    return redis;
  };
  const consumer = startConsumer({
    group: 'payment',
    handlers: { 'order.cancelled': noteEffects },
    db,
    redis: open('consumer'),
    redisUrl: url,
    scope: { ...scope, metrics: testScope().metrics },
    instance: 'a',
    prefix,
    blockMs: 200,
  });
  onTestFinished(() => consumer.stop());
  const redis = open('relay');
  const relay = startRelay({ service: 'order', db, redis, scope, instance: 'a', prefix });
  onTestFinished(() => relay.stop());

  const arrived = () => db.query<{ id: string }>('SELECT order_id AS id FROM effects');
  return {
    scope,
    /** A client of its own, with the limits that the relay's has. */
    open,
    /** Writes an event to the outbox, and waits until its effect is there. */
    async send(timeoutMs = 20_000): Promise<void> {
      const orderId = newId();
      const cause = { correlationId: 'c', actor: 'test' };
      const data = { orderId, reason: 'out_of_stock' as const };
      await db.transaction(async (tx) =>
        appendToOutbox(tx, [
          { type: 'order.cancelled', subject: orderId, orderId, sequence: 1, data, cause },
        ]),
      );
      await eventually(async () => expect(await arrived()).toContainEqual({ id: orderId }), { timeoutMs });
    },
    async effects(): Promise<number> {
      return (await arrived()).length;
    },
  };
}
