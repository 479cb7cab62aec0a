import type { Database } from '@orderflow/service-kit/database';
import type { RecordedEvent } from '../invariants/expected/recorded-events.ts';

const COLUMNS = `event_id AS id, type, source, subject, sequence, order_id AS "orderId",
  correlation_id AS "correlationId", (extract(epoch FROM time) * 1000)::float8 AS time,
  (extract(epoch FROM recorded_at) * 1000)::float8 AS "recordedAt", data`;

// The index on (order_id, position) serves it.
const OF_ORDERS = `SELECT ${COLUMNS} FROM events WHERE order_id = ANY($1::uuid[])`;

// The index on (source, subject) serves it.
const OF_PRODUCTS = `
  SELECT DISTINCT ON (subject) ${COLUMNS} FROM events
  WHERE order_id IS NULL AND source = 'inventory' AND subject = ANY($1::text[]) ORDER BY subject, sequence DESC`;

// The index on (source, subject) serves it.
const ASKED_MAILS = `
  SELECT subject AS id, data ->> 'email' AS email FROM events
  WHERE order_id IS NULL AND source = 'customer' AND type = 'account.mail-requested' AND subject = ANY($1::text[])`;

const NOW = `SELECT (extract(epoch FROM now()) * 1000)::float8 AS now,
  (SELECT order_id FROM orders WHERE customer_id IS NOT NULL ORDER BY order_id LIMIT 1) AS "firstOrder"`;

const NEXT = `
  SELECT order_id AS "orderId" FROM orders WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id LIMIT $3`;

/** Every recorded event of these orders, with its data. */
export const eventsOfOrders = (db: Database, ids: string[]): Promise<RecordedEvent[]> =>
  db.query<RecordedEvent>(OF_ORDERS, [ids]);

/** The last recorded event of each of these products. */
export const lastEventsOfProducts = (db: Database, ids: string[]): Promise<RecordedEvent[]> =>
  db.query<RecordedEvent>(OF_PRODUCTS, [ids]);

/** Returns to which address events ask for these mails about accounts, by id. */
export async function askedMails(db: Database, ids: string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; email: string }>(ASKED_MAILS, [ids]);
  return new Map(rows.map(({ id, email }) => [id, email]));
}

/** The time of this Postgres in epoch milliseconds, and the first order whose `order.placed` is recorded. */
export async function readOrigin(db: Database): Promise<{ now: number; firstOrder: string | null }> {
  const [row] = await db.query<{ now: number; firstOrder: string | null }>(NOW);
  return row!;
}

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Ids of the orders that events are recorded of, in order of id. */
export async function nextRecorded(
  db: Database,
  { after, until, limit }: { after: string | null; until: string | null; limit: number },
): Promise<string[]> {
  const rows = await db.query<{ orderId: string }>(NEXT, [after ?? BEFORE_ALL, until ?? AFTER_ALL, limit]);
  return rows.map(({ orderId }) => orderId);
}
