import type { Cause } from '@orderflow/messaging/outbox';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { answered } from '../domain.ts';
import type { ChargeAnswer } from '../provider.ts';
import { movePayments } from './move-payments.ts';
import { keyOf } from './provider-calls.ts';

/** What an event of Stripe's webhook says: the answer to the charge that was asked for with this key. */
export type StripeReport = {
  eventId: string;
  type: string;
  orderId: string;
  key: string;
  answer: ChargeAnswer;
};

// Stripe delivers an event again for three days at most.
const FORGET = "DELETE FROM stripe_events WHERE received_at < now() - interval '30 days'";

const CLAIM = 'INSERT INTO stripe_events (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id';

const ABOUT = `
  SELECT attempts, cause FROM payments
  WHERE order_id = $1 AND cause IS NOT NULL`;

type About = { attempts: number; cause: Cause };

/** Whether an event is seen for the first time. Rolled back with what it leads to. */
export async function claimStripeEvent(
  tx: Transaction,
  { eventId, type }: { eventId: string; type: string },
): Promise<boolean> {
  const claimed = await tx.query(CLAIM, [eventId, type]);
  if (claimed.length > 0) await tx.query(FORGET);
  return claimed.length > 0;
}

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
    if (!(await claimStripeEvent(tx, { eventId, type }))) return 'repeated';
    const { attempts, cause } = payment;
    await movePayments(tx, [
      {
        orderId,
        // Another charge with the order's id, made by hand at Stripe, is not the one that was asked for.
        decide: (current) =>
          keyOf(current, 'charge') === key ? answered(current, answer) : { payment: current, events: [] },
        cause: { ...cause, attempt: attempts },
      },
    ]);
    return 'new';
  });
