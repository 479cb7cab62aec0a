import { setTimeout as sleep } from 'node:timers/promises';
import { type OrderView, orderView } from '@orderflow/contracts/http/orders';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import type { OrderMetrics } from './metrics.ts';
import { DROP, LOOK_UP, STORE } from './order-cache-scripts.ts';

type Deps = { redis: Redis; metrics: OrderMetrics; log: Logger };

const keyOf = (id: string) => `order:cache:${id}`;

/**
 * Orders in Redis, shared by all replicas, so that the pages that watch an order do not read Postgres each time.
 *
 * How old an order can be that is read here: as a rule it is the newest, for whoever changes an order drops it right
 * after the commit, and what was read before that is not put back over it. When the drop is lost, because its process
 * died or Redis could not be reached, the order is at most `ttlMs` (5 s) behind. By Redis's own clock, that is after
 * the look-up that came before the order was read from Postgres; the clocks of replicas do not matter.
 *
 * A Redis that fails or hangs costs `timeoutMs` now and then: it is left alone for `pauseMs` after each failure.
 */
export function createOrderCache(
  { redis, metrics, log }: Deps,
  { ttlMs = 5_000, timeoutMs = 50, pauseMs = 1_000 } = {},
) {
  const count = (operation: string, outcome: string) => metrics.cache.inc({ operation, outcome });
  let pausedUntil = 0;
  let lastDrop: Promise<unknown> = Promise.resolve();

  function fail(operation: string, error: Error, forMs: number): void {
    count(operation, 'error');
    if (performance.now() >= pausedUntil)
      log.warn({ operation, error: error.message }, 'reading orders without Redis');
    pausedUntil = Math.max(pausedUntil, performance.now() + forMs);
  }

  /** What a script gives, within the time it may take; undefined when that is nothing. */
  async function ask<T>(operation: string, command: Promise<unknown>): Promise<T | undefined> {
    const inTime = new AbortController();
    try {
      const late = sleep(timeoutMs, undefined, { signal: inTime.signal }).then(() => {
        throw new Error(`no answer in ${timeoutMs} ms`);
      });
      return (await Promise.race([command, late])) as T;
    } catch (error) {
      fail(operation, error as Error, pauseMs);
      return undefined;
    } finally {
      inTime.abort();
    }
  }

  async function store(order: OrderView, lookedUpAt: number): Promise<void> {
    const command = redis.eval(
      STORE,
      1,
      keyOf(order.id),
      order.version,
      JSON.stringify(order),
      lookedUpAt,
      ttlMs,
    );
    const stored = await ask<number>('store', command);
    if (stored !== undefined) count('store', stored === 1 ? 'stored' : 'refused');
  }

  return {
    /** The order by its id, from Redis or else by `load`; whatever Redis does, the answer is `load`'s or one of its recent ones. */
    async read(id: string, load: (id: string) => Promise<OrderView>): Promise<OrderView> {
      if (performance.now() < pausedUntil) {
        count('read', 'skipped');
        return load(id);
      }
      const found = await ask<[string | null, number]>('read', redis.eval(LOOK_UP, 1, keyOf(id)));
      if (!found) return load(id);
      const [text, lookedUpAt] = found;
      const cached = text === null ? undefined : parse(text, id);
      count('read', cached ? 'hit' : 'miss');
      if (cached) return cached;
      const order = await load(id);
      void store(order, lookedUpAt);
      return order;
    },

    /** Forgets orders that a commit has changed, by their new versions. Returns at once. */
    drop(versions: Map<string, number>): void {
      const keys = [...versions.keys()].map(keyOf);
      lastDrop = redis.eval(DROP, keys.length, ...keys, 2 * ttlMs, ...versions.values()).then(
        () => count('drop', 'dropped'),
        // Until what could not be dropped has run out, at least this replica knows better than to read it.
        (error: Error) => fail('drop', error, ttlMs),
      );
    },

    /** Waits a moment for drops to arrive: who changed an order sees the change, whichever replica they ask next. */
    async settled(): Promise<void> {
      if (performance.now() < pausedUntil) return;
      await Promise.race([lastDrop, sleep(timeoutMs, undefined, { ref: false })]);
    },
  };
}

export type OrderCache = ReturnType<typeof createOrderCache>;

/** An order as this version of the code knows it; other replicas may run another. */
function parse(text: string, id: string): OrderView | undefined {
  try {
    const order = orderView.parse(JSON.parse(text));
    return order.id === id ? order : undefined;
  } catch {
    return undefined;
  }
}
