import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { newId } from '@orderflow/contracts/ids';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { onTestFinished } from 'vitest';
import { type ConsumerOptions, startConsumer } from '../src/consumer.ts';
import { listDeadLetters } from '../src/dead-letters.ts';
import { messagingMigrations } from '../src/migrations.ts';
import { streamKey } from '../src/stream.ts';
import { noteEffects } from './note-effects.ts';

/** Consumers of the group `payment`, whose effects are rows, on a stream that the test writes itself. */
export async function consumerHarness({ redis, url, prefix } = testRedis(), { timeoutMs = 5_000 } = {}) {
  const db = await testDatabase([messagingMigrations], { timeoutMs });
  await db.query('CREATE TABLE effects (order_id uuid, attempt int)');
  const stream = streamKey('order', prefix);

  return {
    db,
    redis,
    stream,
    /** Appends a cancellation as the relay would; gives its order's id. */
    async send(message?: string, { orderId = newId(), copies = 1, changes = {} } = {}): Promise<string> {
      const event = anEvent('order.cancelled', { orderId, reason: 'out_of_stock', message }, changes);
      for (let i = 0; i < copies; i++) await redis.xadd(stream, '*', 'event', JSON.stringify(event));
      return orderId;
    },
    sendRaw: (body: string) => redis.xadd(stream, '*', 'event', body),
    start(options: Partial<ConsumerOptions> = {}) {
      const scope = testScope();
      const consumer = startConsumer({
        group: 'payment',
        handlers: { 'order.cancelled': noteEffects },
        db,
        redis,
        redisUrl: url,
        scope,
        instance: 'a',
        prefix,
        blockMs: 200,
        handlerTimeoutMs: 1_000,
        retryBackoff: { baseMs: 5, capMs: 20 },
        ...options,
      });
      onTestFinished(() => consumer.stop());
      return { ...scope, stop: consumer.stop };
    },
    /** Starts the consumer as a process of its own. */
    spawn(instance: string) {
      const script = fileURLToPath(new URL('consumer-process.ts', import.meta.url));
      const env = {
        PATH: process.env.PATH,
        DATABASE_URL: db.url,
        REDIS_URL: url,
        PREFIX: prefix,
        INSTANCE: instance,
      };
      const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      child.stdout?.resume(); // read by who wants it
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      onTestFinished(async () => {
        child.kill('SIGKILL');
        await exited;
      });
      return { child, exited };
    },
    async effects(): Promise<{ orderId: string; attempt: number }[]> {
      return db.query('SELECT order_id AS "orderId", attempt FROM effects ORDER BY order_id');
    },
    async retries(): Promise<{ begun: number; ended: number; error: string | null }[]> {
      return db.query('SELECT begun, ended, last_error AS error FROM messaging.retry');
    },
    deadLetters: () => listDeadLetters(db),
    async pending(): Promise<number> {
      return ((await redis.xpending(stream, 'payment')) as [number])[0];
    },
  };
}
