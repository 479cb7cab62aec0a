import type { Database } from '@orderflow/service-kit/database';

/** `recorded` tells whether there was news of the order since. */
export type DueOrder = { orderId: string; recorded: number };

const DUE = `
  SELECT order_id AS "orderId", recorded FROM orders WHERE look_at <= now() ORDER BY look_at LIMIT $1`;

const LOOKED = `
  UPDATE orders SET look_at = to_timestamp(looked.at / 1000.0)
  FROM json_to_recordset($1) AS looked("orderId" uuid, recorded integer, at float8)
  WHERE orders.order_id = looked."orderId" AND orders.recorded = looked.recorded`;

const KNOWN = `
  SELECT count(*) AS known FROM (SELECT 1 FROM orders WHERE order_id >= $1 LIMIT $2) AS counted`;

/** Orders that are to be looked at now: there was news of them, or they have been under way for their time. */
export const dueOrders = (db: Database, limit: number): Promise<DueOrder[]> =>
  db.query<DueOrder>(DUE, [limit]);

/** When to look at them again, in epoch milliseconds; never for null. Those with news since stay due. */
export async function lookedAt(db: Database, orders: (DueOrder & { at: number | null })[]): Promise<void> {
  await db.query(LOOKED, [JSON.stringify(orders)]);
}

/** How many orders from this id on are known here, counted up to `limit`. */
export async function countOrders(db: Database, from: string, limit: number): Promise<number> {
  const [row] = await db.query<{ known: number }>(KNOWN, [from, limit]);
  return row!.known;
}
