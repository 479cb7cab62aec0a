import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import express, { type Express, type Request } from 'express';
import type Stripe from 'stripe';
import { z } from 'zod';
import { recordStripeEvent, type StripeReport } from './operations/record-stripe-event.ts';
import { chargeAnswerOf, refundAnswerOf } from './stripe-answers.ts';

/** How old a delivery may be, so that one that was overheard cannot be played again later. */
const TOLERANCE_SECONDS = 300;

/** What our own calls carry. */
const ourMetadata = z.object({ orderId: z.uuid(), key: z.string().min(1) });

export type StripeWebhook = { stripe: Stripe; secret: string; count: (outcome: WebhookOutcome) => void };
export type WebhookOutcome = 'recorded' | 'repeated' | 'ignored' | 'refused';

/** Takes what Stripe reports. To be mounted before anything reads bodies: what is signed are their bytes. */
export function mountStripeWebhook(app: Express, { db, webhook }: { db: Database; webhook: StripeWebhook }) {
  app.post(
    '/api/payments/webhooks/stripe',
    express.raw({ type: () => true, limit: '1mb' }),
    async (req, res) => {
      const report = await reportIn(webhook.stripe, verified(req, webhook));
      const outcome = report ? await recordStripeEvent(db, report) : 'foreign';
      webhook.count(outcomes[outcome]);
      res.json({ received: true });
    },
  );
}

const outcomes = { new: 'recorded', repeated: 'repeated', foreign: 'ignored' } as const;

/** The event, when Stripe has signed it just now. Throws `invalid_request` otherwise. */
function verified(req: Request, { stripe, secret, count }: StripeWebhook): Stripe.Event {
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  const signature = req.get('stripe-signature') ?? '';
  try {
    return stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS);
  } catch (cause) {
    count('refused');
    throw new ProblemError(
      'invalid_request',
      'The signature is not good, or too old: check STRIPE_WEBHOOK_SECRET, and the clock.',
      { cause },
    );
  }
}

/** What an event says about a call of ours; undefined for all others. */
async function reportIn(stripe: Stripe, event: Stripe.Event): Promise<StripeReport | undefined> {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed': {
      const intent = event.data.object;
      const ours = ourMetadata.safeParse(intent.metadata).data;
      return ours && { ...ours, ...about(event), answer: chargeAnswerOf(intent) };
    }
    case 'charge.refunded': {
      const refund = await refundOf(stripe, event.data.object);
      const ours = ourMetadata.safeParse(refund?.metadata).data;
      return refund && ours && { ...ours, ...about(event), answer: refundAnswerOf(refund) };
    }
    default:
      return undefined;
  }
}

const about = ({ id, type }: Stripe.Event) => ({ eventId: id, type });

/** The refund that we asked for; the event names only the charge. */
async function refundOf(stripe: Stripe, { id, metadata }: Stripe.Charge): Promise<Stripe.Refund | undefined> {
  if (!ourMetadata.safeParse(metadata).success) return undefined; // Not ours: there is nothing to ask for.
  const refunds = await stripe.refunds.list({ charge: id, limit: 100 }).catch((cause) => {
    throw new ProblemError('unavailable', 'Stripe does not say which refund it was. Deliver this again.', {
      cause,
    });
  });
  return refunds.data.find(
    ({ status, metadata }) => status === 'succeeded' && ourMetadata.safeParse(metadata).success,
  );
}
