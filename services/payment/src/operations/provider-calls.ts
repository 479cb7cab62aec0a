import type { Money } from '@orderflow/contracts/money';
import { fullJitter } from '@orderflow/messaging/backoff';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { refusedForGood } from '../blocked.ts';
import { answered, type Decision, NOTHING_TO_PAY, type Payment } from '../domain.ts';
import type { PaymentProvider, ProviderAnswer } from '../provider.ts';
import { movePayments } from './move-payments.ts';

/** A payment that the provider is to be asked about. */
export type ProviderCall = {
  id: string;
  orderId: string;
  amount: Money;
  /** What of it went back by hand. */
  refundedOutside: number;
  attempts: number;
  askedSince: Date;
  cause: Cause;
} & ({ status: 'CHARGING'; paymentMethod: string } | { status: 'REFUNDING'; providerReference: string });

// Reading the due rows as an array makes Postgres do it once, whatever plan it takes. No call waits for as long as 15
// minutes, with a lease or without: what waits longer was put off while the clock was ahead, and is due at the next claim.
const CLAIM = `
  WITH too_late AS (
    UPDATE payments SET next_attempt_at = now() WHERE next_attempt_at > now() + interval '15 minutes')
  UPDATE payments SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, now()),
    next_attempt_at = now() + $2 * interval '1 millisecond'
  WHERE id = ANY(ARRAY(SELECT id FROM payments WHERE next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING id, order_id AS "orderId", status, json_build_object('amount', amount, 'currency', currency) AS amount,
    coalesce((outside->>'refunded')::bigint, 0) AS "refundedOutside",
    payment_method AS "paymentMethod", provider_reference AS "providerReference", attempts,
    first_attempt_at AS "askedSince", CASE status WHEN 'CHARGING' THEN cause ELSE cancel_cause END AS cause`;

/** Takes up to `limit` calls that are due; from now on a cancellation has to wait for their answer. */
export const claimCalls = (db: Database, limit: number, leaseMs: number): Promise<ProviderCall[]> =>
  db.query<ProviderCall>(CLAIM, [limit, leaseMs]);

/**
 * By which the provider knows an order's one charge, or its one refund. Of the order's id and not the payment's: a
 * database that was restored to before a payment makes it anew, by another id, and must ask by the same key.
 */
export const keyOf = ({ orderId }: { orderId: string }, what: 'charge' | 'refund'): string =>
  `${what}-${orderId}`;

/** What is left to refund, and the key to ask by: another amount is another request. */
function refundOf(call: ProviderCall) {
  const { amount, refundedOutside } = call;
  if (refundedOutside === 0) return { key: keyOf(call, 'refund'), amount };
  const left = { ...amount, amount: amount.amount - refundedOutside };
  return { key: `${keyOf(call, 'refund')}-${left.amount}`, amount: left, ofCharge: amount };
}

/**
 * Asks the provider, with a key that is the same each time. Throws when the outcome is unknown. Of nothing to pay no
 * provider is asked: most refuse it.
 */
export async function callProvider(provider: PaymentProvider, call: ProviderCall): Promise<ProviderAnswer> {
  if (call.amount.amount === 0) {
    return { status: call.status === 'CHARGING' ? 'captured' : 'refunded', reference: NOTHING_TO_PAY };
  }
  const { orderId: reference, amount, askedSince } = call;
  switch (call.status) {
    case 'CHARGING':
      return provider.charge({
        key: keyOf(call, 'charge'),
        amount,
        paymentMethod: call.paymentMethod,
        reference,
        askedSince,
      });
    case 'REFUNDING':
      return provider.refund({ ...refundOf(call), charge: call.providerReference, reference });
    default:
      return call satisfies never;
  }
}

/** Writes answers down with their events, many in one transaction. */
export const recordAnswers = (
  db: Database,
  answers: { call: ProviderCall; answer: ProviderAnswer }[],
): Promise<void> =>
  db.transaction((tx) =>
    movePayments(
      tx,
      answers.map(({ call, answer }) => ({
        orderId: call.orderId,
        decide: (payment) => decisionOn(payment, answer, call),
        cause: { ...call.cause, attempt: call.attempts },
      })),
    ),
  );

function decisionOn(payment: Payment, answer: ProviderAnswer, call: ProviderCall): Decision {
  if (answer.status !== 'blocked') return answered(payment, answer);
  const { status, amount, refundedOutside } = call;
  return refusedForGood(payment, answer, { status, amount: amount.amount - refundedOutside });
}

const POSTPONE = `
  UPDATE payments SET next_attempt_at = now() + $4 * interval '1 millisecond'
  WHERE id = $1 AND status = $2 AND attempts = $3`;

/** Has the same call made again after a while, however often it takes: an unknown outcome is never guessed. */
export async function postponeCall(db: Database, { id, status, attempts }: ProviderCall): Promise<void> {
  await db.query(POSTPONE, [id, status, attempts, fullJitter(attempts, { capMs: 10_000 })]);
}

const OLDEST_UNKNOWN = `
  SELECT coalesce(extract(epoch FROM now() - min(first_attempt_at)), 0)::float8 AS age
  FROM payments WHERE next_attempt_at IS NOT NULL`;

/** Seconds since the oldest call began whose outcome is still unknown; 0 without any. */
export async function oldestUnknownAge(db: Database): Promise<number> {
  const [row] = await db.query<{ age: number }>(OLDEST_UNKNOWN);
  return row!.age;
}
