import { drawnAt } from '@orderflow/contracts/ids';
import { createWaker } from '@orderflow/messaging/waker';
import type { Database } from '@orderflow/service-kit/database';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { createShares } from '@orderflow/service-kit/shares';
import { waitProblem } from './live-problems.ts';
import { createWaitMetrics } from './metrics.ts';
import { onKept } from './operations/keep-events.ts';

/** An order that something is known of. */
export type KnownOrder = {
  orderId: string;
  customerId: string | null;
  sellerId: string | null;
  /** How many of its events were recorded. */
  recorded: number;
};

export type Wait = {
  orderId: string;
  /** The account that waits; undefined for a part of OrderFlow. */
  account: string | undefined;
  /** Whether this is what is waited for. */
  sees: (order: KnownOrder) => boolean;
  /** Fires when the client leaves. */
  left: AbortSignal;
};

type Waiter = Wait & { until: number; end: (outcome: Outcome, result?: KnownOrder | Error) => void };
type Outcome = 'found' | 'expired' | 'left';

type Options = {
  db: Database;
  metrics: Metrics;
  /** Requests that wait at once, in all and of one account. */
  maxWaiters?: number;
  perAccount?: number;
  /** Who places an order looks at it at once, while the news of it may still be on their way: for this long. */
  youngMs?: number;
  /** How long what another replica recorded may go unseen; what this process records is seen at once. */
  lookEveryMs?: number;
};

/** Clocks of one system differ by less. An id further ahead of ours was made up. */
const SKEW_MS = 1_000;

/** Returns how many milliseconds ago an id was drawn. Only a UUIDv7 tells. */
const ageOf = (orderId: string): number =>
  orderId[14] === '7' ? Date.now() - drawnAt(orderId) : Number.POSITIVE_INFINITY;

const KNOWN = `
  SELECT order_id AS "orderId", customer_id AS "customerId", seller_id AS "sellerId", recorded
  FROM orders WHERE order_id = ANY($1::uuid[])`;

/** Requests that wait for orders. One loop looks for all of them with one statement, while there are any. */
export function createOrderWaits({
  db,
  metrics: registry,
  maxWaiters = 200,
  perAccount = 5,
  youngMs = 3_000,
  lookEveryMs = 100,
}: Options) {
  const shares = createShares({ total: maxWaiters, each: perAccount });
  const metrics = createWaitMetrics(registry);
  const waiters = new Set<Waiter>();
  const waker = createWaker();
  let looking = false;
  onKept(db, () => {
    if (looking) waker.wake();
  });

  /**
   * Returns the order once it can be seen, or `undefined` when it is not young any more, at once for an id that is old
   * or made up. Throws when too many wait.
   */
  async function wait(request: Wait): Promise<KnownOrder | undefined> {
    const age = ageOf(request.orderId);
    if (request.left.aborted || age < -SKEW_MS || age >= youngMs) return undefined;
    const exceeded = shares.take(request.account);
    if (exceeded) {
      metrics.ended.inc({ outcome: 'refused' });
      throw waitProblem[exceeded]();
    }
    const { promise, resolve, reject } = Promise.withResolvers<KnownOrder | undefined>();
    const waiter: Waiter = {
      ...request,
      until: performance.now() + youngMs - Math.max(0, age),
      end(outcome, result) {
        if (!waiters.delete(waiter)) return;
        shares.giveBack(request.account);
        metrics.waiting.set(waiters.size);
        metrics.ended.inc({ outcome });
        if (result instanceof Error) reject(result);
        else resolve(result);
      },
    };
    waiters.add(waiter);
    metrics.waiting.set(waiters.size);
    request.left.addEventListener('abort', () => waiter.end('left'), { once: true });
    if (!looking) void look();
    return promise;
  }

  async function look(): Promise<void> {
    looking = true;
    while (waiters.size > 0) {
      // No longer than until the first of them has waited long enough.
      const first = Math.min(...[...waiters].map(({ until }) => until));
      await waker.wait(Math.max(1, Math.min(lookEveryMs, first - performance.now())));
      await lookOnce();
    }
    looking = false;
  }

  async function lookOnce(): Promise<void> {
    const asked = [...waiters];
    try {
      const known = await db.query<KnownOrder>(KNOWN, [[...new Set(asked.map(({ orderId }) => orderId))]]);
      const byId = new Map(known.map((order) => [order.orderId, order]));
      for (const { orderId, sees, end, until } of asked) {
        const order = byId.get(orderId);
        if (order && sees(order)) end('found', order);
        else if (performance.now() >= until) end('expired');
      }
    } catch (error) {
      for (const { end } of asked) end('expired', error as Error);
    }
  }

  return { wait };
}

export type OrderWaits = ReturnType<typeof createOrderWaits>;
