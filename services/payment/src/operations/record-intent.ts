import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { answered, type Decision } from '../domain.ts';
import { seenAtProvider } from '../outside.ts';
import { refundAnswerOf } from '../stripe-answers.ts';
import type { IntentNow } from '../stripe-outside.ts';
import { movePayments, type StoredPayment } from './move-payments.ts';
import { claimStripeEvent } from './record-stripe-event.ts';

/** That something happened to a charge of ours, and how to read what became of it. */
export type IntentReport = {
  eventId: string;
  type: string;
  orderId: string;
  read: () => Promise<IntentNow>;
};

const ABOUT = `
  SELECT sequence, cause, cancel_cause AS "cancelCause" FROM payments WHERE order_id = $1 AND cause IS NOT NULL`;

type About = { sequence: number; cause: Cause; cancelCause: Cause | null };

const TRIES = 5;

/** Somebody wrote to the payment after Stripe was asked: what it said then may be old. */
class Stale extends Error {}

/**
 * Writes down what Stripe says of a charge: the answer to our own refund, and what was done by hand. Stripe is asked outside
 * of the transaction, and again when the payment has changed meanwhile. Returns whether the event was new, and ours.
 */
export async function recordIntent(
  db: Database,
  report: IntentReport,
): Promise<'new' | 'repeated' | 'foreign'> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const [payment] = await db.query<About>(ABOUT, [report.orderId]);
    if (!payment) return 'foreign';
    const now = await report.read();
    try {
      return await record(db, report, { payment, now });
    } catch (error) {
      if (!(error instanceof Stale)) throw error;
    }
  }
  throw new ProblemError('unavailable', 'The payment changes too often now. Deliver this again.');
}

const record = (
  db: Database,
  { eventId, type, orderId }: IntentReport,
  { payment: { sequence, cause, cancelCause }, now }: { payment: About; now: IntentNow },
): Promise<'new' | 'repeated'> =>
  db.transaction(async (tx) => {
    if (!(await claimStripeEvent(tx, { eventId, type }))) return 'repeated';
    const decide = (current: StoredPayment): Decision => {
      if (current.sequence !== sequence) throw new Stale();
      return decisionOn(current, now);
    };
    await movePayments(tx, [{ orderId, decide, cause: cancelCause ?? cause }]);
    return 'new';
  });

/** By hand first: what is left for our own refund follows from it. */
function decisionOn(payment: StoredPayment, { seen, ownRefund }: IntentNow): Decision {
  const byHand = seenAtProvider(payment, seen);
  if (!ownRefund || byHand.payment.providerReference !== seen.charge) return byHand;
  const answer = refundAnswerOf(ownRefund);
  if (answer.status !== 'refunded') return byHand;
  const own = answered(byHand.payment, answer);
  return { payment: own.payment, events: [...byHand.events, ...own.events] };
}
