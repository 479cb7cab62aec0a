import { groups, streamsOf } from '@orderflow/contracts/groups';
import type { System } from '@orderflow/local-runtime/system';
import { streamKey } from '@orderflow/messaging/stream';
import { Redis } from 'ioredis';
import pg from 'pg';
import { exchanging, findViolations, type OrderRow, producing } from './violations.ts';

/** Where the databases are, `orderflow_` and the service's name, and the events. */
type Where = { postgres: Pick<System['postgres'], 'url'>; redisUrl: string };

/**
 * Reads every service's books behind its back, and those of the bank and the mailbox, who are witnesses from
 * outside: what is left to do, and what is wrong once nothing is.
 */
export function createLedgers({ postgres, redisUrl }: Where) {
  const pools = new Map<string, pg.Pool>();
  const redis = new Redis(redisUrl);
  redis.on('error', () => {});

  async function rows<T extends object>(service: string, text: string, values: unknown[] = []): Promise<T[]> {
    let pool = pools.get(service);
    if (!pool) {
      pool = new pg.Pool({ connectionString: postgres.url(`orderflow_${service}`), max: 2 });
      pool.on('error', () => {}); // tests end sessions and restart Postgres under it
      pools.set(service, pool);
    }
    return (await pool.query(text, values)).rows;
  }

  const count = async (service: string, text: string): Promise<number> =>
    Number((await rows<{ n: string }>(service, `SELECT count(*) AS n FROM ${text}`))[0]!.n);

  async function unacknowledged(): Promise<number> {
    let left = 0;
    for (const group of groups) {
      for (const stream of streamsOf(group)) {
        const [pending] = (await redis.xpending(streamKey(stream), group)) as [number];
        left += pending + (await unread(redis, streamKey(stream), group));
      }
    }
    return left;
  }

  /** What is neither published, nor read and acknowledged, nor tried again, nor sent. */
  async function unsettled(): Promise<Record<string, number>> {
    const left: Record<string, number> = { 'entries to handle': await unacknowledged() };
    for (const service of producing)
      left[`outbox of ${service}`] = await count(service, 'messaging.outbox WHERE published_at IS NULL');
    for (const service of exchanging) left[`retries of ${service}`] = await count(service, 'messaging.retry');
    left['messages to send'] = await count('notification', "messages WHERE status IN ('WAITING', 'PENDING')");
    left['charges and refunds to make'] = await count(
      'payment',
      "payments WHERE status IN ('CHARGING', 'REFUNDING')",
    );
    return left;
  }

  const orders = async (): Promise<OrderRow[]> =>
    (
      await rows<OrderRow & { total: string }>(
        'order',
        'SELECT id, status, total, payment_method AS method FROM orders',
      )
    ).map((row) => ({ ...row, total: Number(row.total) }));

  return {
    rows,
    orders,
    unsettled,
    close: async () => {
      redis.disconnect();
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },

    /** Products that inventory has and order has not heard of. */
    productsUnknownToOrders: async () =>
      (await count('inventory', 'products')) - (await count('order', 'products')),

    /**
     * How many steps are left until all orders that pay at once, at least `accepted` of them, have come to their
     * end. There may be more than were accepted: an answer can be lost when its order is not.
     */
    async incomplete(accepted: number): Promise<number> {
      const ended = await count('order', "orders WHERE status NOT IN ('PENDING', 'CONFIRMED')");
      const onTheirWay = await count(
        'order',
        "orders WHERE status IN ('PENDING', 'CONFIRMED') AND payment_method IS NOT NULL",
      );
      const left = Math.max(onTheirWay, accepted - ended);
      return left > 0 ? left : Object.values(await unsettled()).reduce((sum, n) => sum + n, 0);
    },

    /** Orders that the auditor should have looked at by now: it lets customers go first. */
    auditsDue: () => count('auditor', 'orders WHERE look_at <= now()'),

    clock: async () => (await rows<{ now: Date }>('order', 'SELECT now()'))[0]!.now,

    /** Milliseconds between an order being placed and being paid, by the order service's own rows. */
    async placedToPaid(since: Date): Promise<{ p50: number; p95: number }> {
      const [row] = await rows<{ p50: number; p95: number }>(
        'order',
        `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95
         FROM (SELECT 1000 * extract(epoch FROM updated_at - placed_at)::float8 AS ms
               FROM orders WHERE status = 'PAID' AND placed_at >= $1) AS paid`,
        [since],
      );
      return row!;
    },

    /** What is wrong, in sentences; see `findViolations`. */
    violations: async ({ deadLetters = 0 } = {}): Promise<string[]> =>
      findViolations({ rows, count }, { orders: await orders(), unsettled: await unsettled(), deadLetters }),
  };
}

export type Ledgers = ReturnType<typeof createLedgers>;

/** Entries the group has not read yet; counted one by one where Redis cannot tell. */
async function unread(redis: Redis, stream: string, group: string): Promise<number> {
  const infos = (await redis.xinfo('GROUPS', stream)) as (string | number | null)[][];
  const info = infos.find((fields) => fields[1] === group);
  if (!info) return 1;
  const at = (name: string) => info[info.indexOf(name) + 1];
  const lag = at('lag');
  if (typeof lag === 'number') return lag;
  return (await redis.xrange(stream, `(${at('last-delivered-id')}`, '+', 'COUNT', 1000)).length;
}
