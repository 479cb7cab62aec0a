import type { Event } from '@orderflow/contracts/events';
import { testScope } from '@orderflow/testing/scope';
import { onTestFinished } from 'vitest';
import { startCatchUpAnswers } from '../src/catch-up-answers.ts';
import { openTypes, wantsOf } from '../src/catch-up-rows.ts';
import { startConsumer } from '../src/consumer.ts';
import { groupLag } from '../src/group-lag.ts';
import type { Handlers } from '../src/handlers.ts';
import { ids, outboxWithRelay } from './outbox-with-relay.ts';

/** Longer than a version needs to see what another has written down. */
const KNOWN_MS = 150;

/**
 * The producer `order`, and two builds of the group `notification`: the old one wants `order.paid` alone, the new one
 * `order.fulfilled` too. Producer and group share a database, which neither notices.
 */
export async function rollout() {
  const { db, redis, prefix, stream, url, start, write } = await outboxWithRelay();
  start('relay', { upkeepMs: 100, lingerMs: 5 });
  const answers = startCatchUpAnswers({ service: 'order', db, redis, scope: testScope(), prefix });
  onTestFinished(() => answers.stop());
  const seen: string[] = [];
  let failures = 0;
  const old: Handlers = { 'order.paid': async () => {} };
  const wantsMore: Handlers = {
    ...old,
    'order.fulfilled': async (events: Event<'order.fulfilled'>[], tx) => {
      if (failures-- > 0) throw new Error('not yet');
      tx.afterCommit(() => void seen.push(...events.map((event) => event.data.orderId)));
    },
  };
  const consume = (instance: string, handlers: Handlers) => {
    const consumer = startConsumer({
      ...{ group: 'notification', handlers, db, redis, redisUrl: url, prefix, instance },
      ...{ scope: testScope(), blockMs: 100, batchSize: 2, wantsKnownMs: KNOWN_MS },
      retryBackoff: { baseMs: 5, capMs: 20 },
    });
    onTestFinished(() => consumer.stop());
    return consumer;
  };

  return {
    ...{ db, redis, stream },
    startOld: () => consume('old', old),
    startNew: () => consume('new', wantsMore),
    /** Writes events of separate orders, as transactions of the producer do; returns their orders. */
    async write(_type: 'order.fulfilled', count: number): Promise<string[]> {
      const orders = ids(count);
      for (const order of orders) await write([order]);
      return orders;
    },
    /** The orders whose event the new version has handled, as often as it did. */
    seen: () => seen,
    failNext: (times: number) => {
      failures = times;
    },
    async unacknowledged(): Promise<number> {
      const { pending, lag } = await groupLag(redis, stream, 'notification');
      return pending + (lag ?? 1);
    },
    openTypes: () => openTypes(db, 'notification', wantsOf('notification', wantsMore)),
  };
}
