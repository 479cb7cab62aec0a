import { appendToOutbox, causedBy, type Draft } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { type OrderEvent, type Reservation, react } from '../domain.ts';
import type { InventoryMetrics } from '../metrics.ts';
import { openLedger } from './open-ledger.ts';

type StoredReservation = Reservation & { sequence: number };

// Makes the rows that are missing and locks them all, in order of id: an update that changes nothing is how
// an upsert locks what is there, in the same statement.
const LOCK = `
  INSERT INTO reservations (order_id, status, correlation_id)
  SELECT order_id, 'AWAITED', correlation_id
  FROM unnest($1::uuid[], $2::text[]) AS heard(order_id, correlation_id) ORDER BY order_id
  ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id
  RETURNING order_id AS "orderId", status, items, paid, shipped, expires_at AS "expiresAt", sequence`;

const SAVE = `
  UPDATE reservations SET status = changed.status, items = changed.items, paid = changed.paid,
    shipped = changed.shipped, expires_at = changed."expiresAt", sequence = changed.sequence, updated_at = now()
  FROM json_to_recordset($1) AS changed("orderId" uuid, status text, items jsonb, paid boolean, shipped boolean,
    "expiresAt" timestamptz, sequence integer)
  WHERE reservations.order_id = changed."orderId"`;

const outcomes = {
  'inventory.reserved': 'reserved',
  'inventory.rejected': 'rejected',
  'inventory.released': 'released',
  'inventory.shipped': 'shipped',
} as const;

/**
 * Holds, releases and books out stock as orders ask for it: locks the reservations and then the stock of all
 * events, lets each event be decided on what the ones before it left, and saves everything at once.
 * An order that cannot be served is rejected and disturbs no other.
 */
export async function moveReservations(
  tx: Transaction,
  events: OrderEvent[],
  { metrics, ttlMs }: { metrics: InventoryMetrics; ttlMs: number },
): Promise<void> {
  const reservations = await lockReservations(tx, events);
  const ledger = await openLedger(tx, productsAtStake(events, reservations), {
    actor: 'system:inventory',
    metrics,
  });
  const now = { stock: ledger.stock, expiresAt: new Date(Date.now() + ttlMs) };
  const changed = new Set<string>();
  const drafts: Draft[] = [];

  for (const event of events) {
    const { orderId } = event.data;
    const before = reservations.get(orderId)!;
    const { reservation, movements, events: told } = react(before, event, now);
    if (reservation === before) continue;
    reservations.set(orderId, { ...reservation, sequence: before.sequence + told.length });
    changed.add(orderId);
    ledger.book(movements);
    const about = { subject: orderId, orderId, cause: causedBy(event, 'inventory') };
    told.forEach((tale, i) => {
      drafts.push({ ...about, ...tale, sequence: before.sequence + i + 1 });
      tx.afterCommit(() => metrics.reservations.inc({ outcome: outcomes[tale.type] }));
    });
  }
  if (changed.size === 0) return;
  tx.send(SAVE, [JSON.stringify([...changed].map((id) => reservations.get(id)))]);
  ledger.save();
  appendToOutbox(tx, drafts);
}

async function lockReservations(
  tx: Transaction,
  events: OrderEvent[],
): Promise<Map<string, StoredReservation>> {
  const correlationIds = new Map(events.map((event) => [event.data.orderId, event.correlationid]));
  const rows = await tx.query<StoredReservation>(LOCK, [
    [...correlationIds.keys()],
    [...correlationIds.values()],
  ]);
  return new Map(rows.map((row) => [row.orderId, row]));
}

/** The products whose stock these events may move. */
const productsAtStake = (events: OrderEvent[], reservations: Map<string, StoredReservation>): string[] =>
  events
    .flatMap((event) => {
      if (event.type === 'order.paid') return [];
      if (event.type === 'order.confirmation-requested') return event.data.items;
      return reservations.get(event.data.orderId)!.items ?? [];
    })
    .map((item) => item.productId);
