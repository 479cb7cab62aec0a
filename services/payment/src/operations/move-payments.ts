import { appendToOutbox, type Cause, type Draft } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { type Decision, nothingOwed, type Payment } from '../domain.ts';

/** One decision to take about the payment of an order, and why. */
export type Move = { orderId: string; decide: (payment: StoredPayment) => Decision; cause: Cause };

/** Wakes who asks the provider. */
export const PROVIDER_CALLS = 'provider-calls';

/** A payment with the number of the last event about it. */
export type StoredPayment = Payment & { sequence: number };

const LOCK = `
  SELECT id, order_id AS "orderId", customer_id AS "customerId", seller_id AS "sellerId", status,
    CASE WHEN amount IS NOT NULL THEN json_build_object('amount', amount, 'currency', currency) END AS amount,
    payment_method AS "paymentMethod", provider_reference AS "providerReference",
    refund_reference AS "refundReference", decline_code AS "declineCode", blocked, resolution, outside, cause,
    cancel_cause AS "cancelCause", attempts, sequence
  FROM payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE`;

const ROWS = `json_to_recordset($1) AS changed(id uuid, "orderId" uuid, "customerId" uuid, "sellerId" text,
  status text, amount bigint, currency text, "paymentMethod" text, "providerReference" text, "refundReference" text, "declineCode" text,
  blocked jsonb, resolution text, outside jsonb, cause jsonb,
  "cancelCause" jsonb, attempts integer, sequence integer)`;

const INSERT = `
  INSERT INTO payments (id, order_id, customer_id, seller_id, status, amount, currency, payment_method, decline_code, cause,
    cancel_cause, attempts, next_attempt_at, sequence, created_at, updated_at)
  SELECT id, "orderId", "customerId", "sellerId", status, amount, currency, "paymentMethod", "declineCode", cause, "cancelCause", attempts,
    CASE WHEN status = 'CHARGING' THEN now() END, sequence, now(), now()
  FROM ${ROWS} ORDER BY "orderId"
  ON CONFLICT (order_id) DO NOTHING RETURNING order_id AS "orderId"`;

// What is to be asked of the provider is due at once when it is new, or asked anew; a call under way keeps its lease.
const UPDATE = `
  UPDATE payments SET customer_id = changed."customerId", seller_id = changed."sellerId",
    status = changed.status, amount = changed.amount, currency = changed.currency,
    payment_method = changed."paymentMethod", provider_reference = changed."providerReference",
    refund_reference = changed."refundReference", decline_code = changed."declineCode", blocked = changed.blocked,
    resolution = changed.resolution, outside = changed.outside, cause = changed.cause,
    cancel_cause = changed."cancelCause", attempts = changed.attempts,
    first_attempt_at = CASE WHEN changed.status = payments.status THEN first_attempt_at END,
    next_attempt_at = CASE
      WHEN changed.status NOT IN ('CHARGING', 'REFUNDING') OR changed.blocked IS NOT NULL THEN NULL
      WHEN changed.status = payments.status AND payments.blocked IS NULL AND changed.attempts > 0 THEN next_attempt_at
      ELSE now() END,
    sequence = changed.sequence, updated_at = now()
  FROM ${ROWS} WHERE payments.id = changed.id`;

/**
 * Moves payments: locks them, lets each decision be taken on what the ones before it left, saves those that
 * changed and writes their events. Throws whatever a decision throws.
 */
export async function movePayments(tx: Transaction, moves: Move[]): Promise<void> {
  let left = moves;
  while (left.length > 0) left = await moveOnce(tx, left);
}

/** Gives the moves whose payment somebody else made meanwhile: they are to be decided anew on that. */
async function moveOnce(tx: Transaction, moves: Move[]): Promise<Move[]> {
  const stored = await tx.query<StoredPayment>(LOCK, [[...new Set(moves.map((move) => move.orderId))]]);
  const known = new Set(stored.map((payment) => payment.orderId));
  const payments = new Map(stored.map((payment) => [payment.orderId, payment]));
  const changed = new Set<string>();
  const drafts: Draft[] = [];

  for (const { orderId, decide, cause } of moves) {
    const before = payments.get(orderId) ?? { ...nothingOwed(orderId), sequence: 0 };
    const { payment, events } = decide(before);
    if (payment === before) continue;
    payments.set(orderId, { ...payment, sequence: before.sequence + events.length });
    changed.add(orderId);
    events.forEach((event, i) => {
      const sequence = before.sequence + i + 1;
      drafts.push({ ...event, subject: orderId, orderId, sequence, cause } as Draft);
    });
  }

  const rows = [...changed].map((orderId) => payments.get(orderId)!);
  const taken = await insert(
    tx,
    rows.filter(({ orderId }) => !known.has(orderId)),
  );
  update(
    tx,
    rows.filter(({ orderId }) => known.has(orderId)),
  );
  appendToOutbox(
    tx,
    drafts.filter(({ subject }) => !taken.has(subject)),
  );
  if (rows.some(({ status }) => status === 'CHARGING' || status === 'REFUNDING')) {
    tx.wakeAfterCommit(PROVIDER_CALLS);
  }
  return moves.filter(({ orderId }) => taken.has(orderId));
}

/** Gives the orders whose payment was there by now. */
async function insert(tx: Transaction, payments: StoredPayment[]): Promise<Set<string>> {
  const taken = new Set(payments.map(({ orderId }) => orderId));
  if (taken.size === 0) return taken;
  const inserted = await tx.query<{ orderId: string }>(INSERT, [JSON.stringify(payments.map(toRow))]);
  for (const { orderId } of inserted) taken.delete(orderId);
  return taken;
}

function update(tx: Transaction, payments: StoredPayment[]): void {
  if (payments.length > 0) tx.send(UPDATE, [JSON.stringify(payments.map(toRow))]);
}

const toRow = ({ amount, ...payment }: StoredPayment) => ({ ...payment, ...amount });
