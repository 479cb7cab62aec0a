import { appendToOutbox, type Cause, type Draft } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { noOrder } from '../access.ts';
import type { Decision, Order } from '../domain.ts';
import type { OrderMetrics } from '../metrics.ts';
import type { OrderCache } from '../order-cache.ts';

/** An order as it is stored, locked by the transaction that decides about it. */
export type LockedOrder = Order & {
  sequence: number;
  version: number;
  correlationId: string;
  placedAt: Date;
};

/** One decision to take about an order, and why. */
export type Move = { orderId: string; decide: (order: LockedOrder) => Decision; cause: Cause };

export type MoveDeps = { metrics: OrderMetrics; cache: OrderCache };

const LOCK = `
  SELECT id, customer_id AS "customerId", seller_id AS "sellerId", status, cancel_reason AS "cancelReason", message, payment_status AS "paymentStatus",
    payment_method AS "paymentMethod", confirmation_requested AS "confirmationRequested",
    json_build_object('amount', total, 'currency', currency) AS total, tracking_number AS "trackingNumber",
    expires_at AS "expiresAt", refunded_at_provider AS "refundedAtProvider", dispute,
    provider_sequence AS "providerSequence", sequence, version, correlation_id AS "correlationId", placed_at AS "placedAt"
  FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`;

const SAVE = `
  UPDATE orders SET status = changed.status, cancel_reason = changed."cancelReason", message = changed.message,
    payment_status = changed."paymentStatus", confirmation_requested = changed."confirmationRequested",
    tracking_number = changed."trackingNumber", expires_at = changed."expiresAt",
    refunded_at_provider = changed."refundedAtProvider", dispute = changed.dispute,
    provider_sequence = changed."providerSequence",
    sequence = changed.sequence, version = orders.version + 1, updated_at = now()
  FROM json_to_recordset($1) AS changed(id uuid, status text, "cancelReason" text, message text,
    "paymentStatus" text, "confirmationRequested" boolean, "trackingNumber" text, "expiresAt" timestamptz,
    "refundedAtProvider" bigint, dispute text, "providerSequence" integer, sequence integer)
  WHERE orders.id = changed.id`;

/**
 * Moves orders: locks them, lets each decision be taken on what the ones before it left, saves the orders
 * that changed and writes their events. Throws `not_found` for an order that does not exist, and whatever
 * a decision throws.
 */
export async function moveOrders(
  tx: Transaction,
  moves: Move[],
  { metrics, cache }: MoveDeps,
): Promise<void> {
  const stored = await tx.query<LockedOrder>(LOCK, [[...new Set(moves.map((move) => move.orderId))]]);
  const orders = new Map(stored.map((order) => [order.id, order]));
  const changed = new Map<string, number>();
  const drafts: Draft[] = [];

  for (const { orderId, decide, cause } of moves) {
    const before = orders.get(orderId);
    if (!before) throw noOrder(orderId);
    const { order, events } = decide(before);
    if (order === before) continue;
    const after = { ...before, ...order, sequence: before.sequence + events.length };
    orders.set(orderId, after);
    // The row's version grows by one, however many decisions this transaction takes about it.
    changed.set(orderId, before.version + 1);
    events.forEach((event, i) => {
      const sequence = before.sequence + i + 1;
      // All of an order's events carry the correlation id that it was placed with.
      drafts.push({
        ...event,
        subject: orderId,
        orderId,
        sequence,
        cause: { ...cause, correlationId: before.correlationId },
      } as Draft);
    });
    tx.afterCommit(() => metrics.countMove(before, after));
  }
  if (changed.size === 0) return;
  tx.send(SAVE, [JSON.stringify([...changed.keys()].map((id) => orders.get(id)))]);
  appendToOutbox(tx, drafts);
  tx.afterCommit(() => cache.drop(changed));
}
