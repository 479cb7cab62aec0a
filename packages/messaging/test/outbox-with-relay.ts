import { newId } from '@orderflow/contracts/ids';
import { testDatabase } from '@orderflow/testing/database';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { onTestFinished } from 'vitest';
import { messagingMigrations } from '../src/migrations.ts';
import { appendToOutbox, type Draft } from '../src/outbox.ts';
import { startRelay } from '../src/relay.ts';
import { fieldOf, streamKey } from '../src/stream.ts';

const fulfilled = (orderId: string): Draft => ({
  type: 'order.fulfilled',
  subject: orderId,
  sequence: 1,
  orderId,
  data: { orderId },
  cause: { correlationId: 'c', actor: 'test' },
});

/** An outbox, the stream it goes to, and relays between them as a test starts them. */
export async function outboxWithRelay({ redis, prefix, url } = testRedis(), { timeoutMs = 5_000 } = {}) {
  const db = await testDatabase([messagingMigrations], { timeoutMs });
  const scope = testScope();
  const stream = streamKey('order', prefix);
  const start = (instance: string, options: Partial<Parameters<typeof startRelay>[0]> = {}) => {
    const own = { ...scope, metrics: testScope().metrics };
    const relay = startRelay({ service: 'order', db, redis, scope: own, instance, prefix, ...options });
    onTestFinished(() => relay.stop());
    return relay;
  };
  const write = (orderIds: string[]) =>
    db.transaction(async (tx) => appendToOutbox(tx, orderIds.map(fulfilled)));
  /** Takes a position now; gives what commits it. */
  const writeLate = async (orderId: string) => {
    let commit = () => {};
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let written = () => {};
    const isWritten = new Promise<void>((resolve) => {
      written = resolve;
    });
    const committed = db.transaction(async (tx) => {
      appendToOutbox(tx, [fulfilled(orderId)]);
      await tx.query('SELECT 1'); // what is before it has been executed
      written();
      await held;
    });
    await isWritten;
    return () => {
      commit();
      return committed;
    };
  };
  const published = async () =>
    ((await redis.xrange(stream, '-', '+')) as [string, string[]][]).map(([, fields]) =>
      JSON.parse(fieldOf(fields, 'event')!),
    );
  const unpublished = async () =>
    (
      await db.query<{ rows: number }>(
        'SELECT count(*) AS rows FROM messaging.outbox WHERE published_at IS NULL',
      )
    )[0]!.rows;
  return { db, redis, prefix, url, scope, stream, start, write, writeLate, published, unpublished };
}

export const ids = (n: number) => Array.from({ length: n }, newId);
