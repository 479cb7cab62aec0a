import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { answered } from '../domain.ts';
import type { ProviderAnswer } from '../provider.ts';
import { movePayments } from './move-payments.ts';
import { keyOf } from './provider-calls.ts';

/** What an event of Stripe's webhook says: the answer to the call that was made with this key. */
export type StripeReport = {
  eventId: string;
  type: string;
  orderId: string;
  key: string;
  answer: ProviderAnswer;
};

// Stripe delivers an event again for three days at most.
const FORGET = "DELETE FROM stripe_events WHERE received_at < now() - interval '30 days'";

const CLAIM = 'INSERT INTO stripe_events (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id';

const ABOUT = `
  SELECT attempts, cause, cancel_cause AS "cancelCause" FROM payments
  WHERE order_id = $1 AND cause IS NOT NULL`;

type About = { attempts: number; cause: Cause; cancelCause: Cause | null };

/**
 * Writes down what Stripe reports of itself, as an answer to our own call is: whichever comes first counts, and
 * the other changes nothing. Gives whether the event was new, and about a payment of ours.
 */
export const recordStripeEvent = (
  db: Database,
  report: StripeReport,
): Promise<'new' | 'repeated' | 'foreign'> =>
  db.transaction(async (tx) => {
    const { eventId, type, orderId, key, answer } = report;
    const [payment] = await tx.query<About>(ABOUT, [orderId]);
    if (!payment) return 'foreign';
    const claimed = await tx.query(CLAIM, [eventId, type]);
    if (claimed.length === 0) return 'repeated';
    await tx.query(FORGET);
    const isRefund = answer.status === 'refunded';
    const { attempts, cause, cancelCause } = payment;
    await movePayments(tx, [
      {
        orderId,
        // Another charge with the order's id, made by hand at Stripe, is not the one that was asked for.
        decide: (current) =>
          keyOf(current, isRefund ? 'refund' : 'charge') === key
            ? answered(current, answer)
            : { payment: current, events: [] },
        cause: { ...((isRefund && cancelCause) || cause), attempt: attempts },
      },
    ]);
    return 'new';
  });
