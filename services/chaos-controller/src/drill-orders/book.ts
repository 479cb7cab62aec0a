import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { type DrillOrder, newDrillOrder } from './drill-order.ts';

const LOAD = `
  SELECT n, key, (extract(epoch FROM asked_at) * 1000)::bigint AS "askedAt", tries, order_id AS "orderId",
    (extract(epoch FROM accepted_at) * 1000)::bigint AS "acceptedAt",
    (extract(epoch FROM refused_at) * 1000)::bigint AS "refusedAt", refusal, status,
    (extract(epoch FROM ended_at) * 1000)::bigint AS "endedAt"
  FROM drill_orders WHERE drill_id = $1 ORDER BY n`;

const INTEND = `
  INSERT INTO drill_orders (drill_id, n, key, asked_at)
  SELECT $1, n, key, to_timestamp("askedAt" / 1000.0)
  FROM json_to_recordset($2) AS o(n integer, key text, "askedAt" float8)
  ON CONFLICT (drill_id, n) DO NOTHING`;

const NOTE = `
  UPDATE drill_orders SET tries = o.tries, order_id = o."orderId", refusal = o.refusal, status = o.status,
    accepted_at = to_timestamp(o."acceptedAt" / 1000.0), refused_at = to_timestamp(o."refusedAt" / 1000.0),
    ended_at = to_timestamp(o."endedAt" / 1000.0)
  FROM json_to_recordset($2) AS o(n integer, tries integer, "orderId" uuid, refusal text, status text,
    "acceptedAt" float8, "refusedAt" float8, "endedAt" float8)
  WHERE drill_orders.drill_id = $1 AND drill_orders.n = o.n`;

/** The orders of a drill as they were written down last. */
export const loadOrders = (db: Database, drillId: string) => db.query<DrillOrder>(LOAD, [drillId]);

const FLUSH_MS = 250;

/**
 * The drill's own orders: in memory, to be looked at whatever happens, and in Postgres, to be found after a restart.
 * An intent is committed before anything is asked. What became of it is written a moment later: if that is lost, the
 * same key gives the same answer again.
 */
export async function openBook({ db, drillId, log }: { db: Database; drillId: string; log: Logger }) {
  const orders = new Map((await loadOrders(db, drillId)).map((order) => [order.n, order]));
  const changed = new Set<DrillOrder>();
  let lastN = Math.max(0, ...orders.keys());

  const commit = createBatcher(async (intents: DrillOrder[]) => {
    await db.query(INTEND, [drillId, JSON.stringify(intents)]);
    return intents;
  });

  async function flush(): Promise<void> {
    if (changed.size === 0) return;
    const batch = [...changed];
    changed.clear();
    try {
      await db.query(NOTE, [drillId, JSON.stringify(batch)]);
      behind = false;
    } catch (error) {
      for (const order of batch) changed.add(order);
      throw error;
    }
  }

  let behind = false;
  let flushing: Promise<void> | undefined;
  const timer = setInterval(() => {
    flushing ??= flush()
      .catch((error) => {
        // Once for an outage, not four times a second.
        if (!behind) log.warn({ error, drillId }, 'what became of orders cannot be written down yet');
        behind = true;
      })
      .finally(() => {
        flushing = undefined;
      });
  }, FLUSH_MS);

  return {
    /** Every order that was committed. */
    all: () => [...orders.values()],
    /** An order that may be asked for as soon as this resolves: it is written down. */
    async intend(order: DrillOrder): Promise<DrillOrder> {
      await commit(order);
      orders.set(order.n, order);
      return order;
    },
    next(askedAt: number): DrillOrder {
      lastN += 1;
      return newDrillOrder(drillId, lastN, askedAt);
    },
    note(order: DrillOrder, changes: Partial<DrillOrder>): void {
      Object.assign(order, changes);
      changed.add(order);
    },
    /** Writes down what is left. Throws when that cannot be done. */
    async close(): Promise<void> {
      clearInterval(timer);
      await flushing;
      await flush();
    },
  };
}

export type Book = Awaited<ReturnType<typeof openBook>>;
