import { newId } from '@orderflow/contracts/ids';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { appendToOutbox } from '@orderflow/messaging/outbox';
import { startRelay } from '@orderflow/messaging/relay';
import { streamKey } from '@orderflow/messaging/stream';
import { createDatabase } from '@orderflow/service-kit/database';
import { createHealth } from '@orderflow/service-kit/health';
import { createLogger } from '@orderflow/service-kit/logger';
import { createMetrics } from '@orderflow/service-kit/metrics';
import { migrate } from '@orderflow/service-kit/migrate';
import { createCommandClient } from '@orderflow/service-kit/redis';
import pg from 'pg';

type Options = { adminUrl: string; redisUrl: string; rows: number };

/** How many outbox rows a second the relay of one service turns into entries of its stream. */
export async function measureRelay({ adminUrl, redisUrl, rows }: Options): Promise<number> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query('DROP DATABASE IF EXISTS orderflow_relay WITH (FORCE)');
  await admin.query('CREATE DATABASE orderflow_relay');
  const url = new URL(adminUrl);
  url.pathname = '/orderflow_relay';
  const log = createLogger({ service: 'bench', level: 'error' });
  await migrate({ url: url.href, folders: [messagingMigrations], log });
  const db = createDatabase({ url: url.href, service: 'bench', log });
  const redis = createCommandClient({ url: redisUrl, name: 'bench', log });
  const prefix = `bench:${newId()}:`;
  try {
    for (let written = 0; written < rows; written += 1000)
      await db.transaction(async (tx) => appendToOutbox(tx, someEvents(1000)));
    const started = performance.now();
    const scope = { log, metrics: createMetrics({ service: 'bench' }), health: createHealth() };
    const relay = startRelay({ service: 'order', db, redis, scope, instance: 'bench', prefix });
    while ((await redis.xlen(streamKey('order', prefix))) < rows)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await relay.stop(); // it marks the last batch before it ends
    return rows / ((performance.now() - started) / 1000);
  } finally {
    await redis.del(streamKey('order', prefix));
    redis.disconnect();
    await db.close();
    await admin.query('DROP DATABASE IF EXISTS orderflow_relay');
    await admin.end();
  }
}

const someEvents = (count: number) =>
  Array.from({ length: count }, () => {
    const orderId = newId();
    return {
      type: 'order.paid' as const,
      subject: orderId,
      orderId,
      sequence: 1,
      data: { orderId, total: { amount: 2999, currency: 'EUR' } },
      cause: { correlationId: orderId, actor: 'system:bench' },
    };
  });
