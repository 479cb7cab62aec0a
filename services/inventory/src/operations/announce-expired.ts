import { appendToOutbox } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { InventoryMetrics } from '../metrics.ts';

// Rows that a handler or another replica is at are passed over; they are looked at again next time. A hold has run out by
// the clock of Postgres and by ours: one of them alone may be ahead for a moment.
const MARK = `
  WITH due AS MATERIALIZED (
    SELECT order_id FROM reservations
    WHERE status = 'HELD' AND NOT paid AND expiry_announced_at IS NULL AND expires_at <= least(now(), $2::timestamptz)
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE reservations SET expiry_announced_at = now(), sequence = sequence + 1, updated_at = now()
  FROM due WHERE reservations.order_id = due.order_id
  RETURNING reservations.order_id AS "orderId", sequence, correlation_id AS "correlationId"`;

type Expired = { orderId: string; sequence: number; correlationId: string };

/**
 * Says of holds that ran out unpaid that they did, once each. It releases nothing: the order may have been paid
 * meanwhile, so it decides, and its cancellation releases. Gives how many it were, at most `limit`.
 */
export async function announceExpired(
  tx: Transaction,
  { metrics, limit }: { metrics: InventoryMetrics; limit: number },
): Promise<number> {
  const expired = await tx.query<Expired>(MARK, [limit, new Date()]);
  appendToOutbox(
    tx,
    expired.map(({ orderId, sequence, correlationId }) => ({
      type: 'inventory.expired',
      subject: orderId,
      orderId,
      sequence,
      data: { orderId },
      cause: { correlationId, actor: 'system:inventory' },
    })),
  );
  tx.afterCommit(() => metrics.reservations.inc({ outcome: 'expired' }, expired.length));
  return expired.length;
}
