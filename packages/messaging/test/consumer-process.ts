// A consumer as a process of its own, for tests that kill and freeze it. It writes one row per event handled; an
// event that waits is handled once there is a row in the table `gate`.
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '@orderflow/service-kit/database';
import { runService } from '@orderflow/service-kit/lifecycle';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { startConsumer } from '../src/consumer.ts';
import { noteEffects } from './note-effects.ts';

const { DATABASE_URL, REDIS_URL, PREFIX, INSTANCE } = process.env as Record<string, string>;
const handlerTimeoutMs = 300;

const config = { LOG_LEVEL: 'info', HOST: '127.0.0.1' };

await runService({ service: INSTANCE!, config }, async (scope) => {
  const { log, onStop } = scope;
  const db = createDatabase({ url: DATABASE_URL!, service: INSTANCE!, log, timeoutMs: handlerTimeoutMs });
  onStop('postgres', db.close);
  const redis = createCommandClient({ url: REDIS_URL!, name: INSTANCE!, log });
  onStop('redis', () => redis.disconnect());
  const consumer = startConsumer({
    group: 'payment',
    handlers: {
      'order.cancelled': async (events, tx) => {
        if (events.some((event) => event.data.message === 'kill')) process.kill(process.pid, 'SIGKILL');
        if (events.some((event) => event.data.message === 'freeze') && INSTANCE === 'frozen') {
          await noteEffects(events, tx);
          process.kill(process.pid, 'SIGSTOP');
          return;
        }
        if (events.some((event) => event.data.message === 'wait')) {
          while ((await tx.query('SELECT FROM gate')).length === 0) await sleep(20);
        }
        await noteEffects(events, tx);
      },
    },
    db,
    redis,
    redisUrl: REDIS_URL!,
    scope,
    instance: INSTANCE!,
    prefix: PREFIX,
    handlerTimeoutMs,
    blockMs: 200,
    retryBackoff: { baseMs: 10, capMs: 50 },
  });
  onStop('consumer', consumer.stop);
});
