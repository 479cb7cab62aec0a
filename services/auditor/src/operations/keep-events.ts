import type { Envelope } from '@orderflow/contracts/envelope';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { ordersIn, withPositions } from '../domain.ts';

/** Wakes the live streams of this process. */
const SIGNAL = 'events-kept';

/** Calls `listener` after each commit of this process that kept events. */
export const onKept = (db: Database, listener: () => void) => db.onSignal(SIGNAL, listener);

// The lock that this takes is held until the commit, so the numbers of an order's events follow their commits: who
// has read up to one of them has missed none below it. In order of id, so that two replicas wait for one another
// instead of deadlocking. Copies of kept events use up numbers too, and nobody minds the holes.
// Some seconds after its first news most orders have come to rest, and one look at them is enough.
const COUNT = `
  INSERT INTO orders (order_id, customer_id, seller_id, recorded, look_at)
  SELECT "orderId", "customerId", "sellerId", count, now() + interval '3 seconds'
  FROM json_to_recordset($1) AS o("orderId" uuid, "customerId" uuid, "sellerId" text, count integer)
  ORDER BY "orderId"
  ON CONFLICT (order_id) DO UPDATE SET recorded = orders.recorded + excluded.recorded,
    customer_id = coalesce(orders.customer_id, excluded.customer_id),
    seller_id = coalesce(orders.seller_id, excluded.seller_id),
    look_at = least(orders.look_at, excluded.look_at)
  RETURNING order_id AS "orderId", recorded`;

// The envelopes go in as they are: their attributes are the columns of the record.
const INSERT = `
  INSERT INTO events (event_id, type, source, subject, sequence, order_id, correlation_id, causation_id, actor,
    attempt, traceparent, time, data, position)
  SELECT id, type, source, subject, sequence, orderid, correlationid, causationid, actor, attempt, traceparent,
    time, data, position
  FROM json_to_recordset($1) AS e(id uuid, type text, source text, subject text, sequence integer, orderid uuid,
    correlationid text, causationid uuid, actor text, attempt integer, traceparent text, time timestamptz,
    data json, position integer)
  ORDER BY id
  ON CONFLICT (event_id) DO NOTHING RETURNING event_id`;

/** Records events, however often they come, and whose the orders are. Gives those that were not recorded before. */
export async function keepEvents(tx: Transaction, events: Envelope[]): Promise<Envelope[]> {
  const orders = ordersIn(events);
  const counted =
    orders.length === 0
      ? []
      : await tx.query<{ orderId: string; recorded: number }>(COUNT, [JSON.stringify(orders)]);
  const recordedOf = new Map(counted.map(({ orderId, recorded }) => [orderId, recorded]));
  const rows = await tx.query<{ event_id: string }>(INSERT, [
    JSON.stringify(withPositions(events, recordedOf)),
  ]);
  tx.wakeAfterCommit(SIGNAL);
  const recorded = new Set(rows.map((row) => row.event_id));
  // `delete` tells the first of an id from its copies in the same batch.
  return events.filter((event) => recorded.delete(event.id));
}
