import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import express, { type Express, type Request } from 'express';
import type Stripe from 'stripe';
import { recordIntent } from './operations/record-intent.ts';
import { recordStripeEvent } from './operations/record-stripe-event.ts';
import { chargeAnswerOf } from './stripe-answers.ts';
import { ourMetadata, readIntent } from './stripe-outside.ts';

/** How old a delivery may be, so that one that was overheard cannot be played again later. */
const TOLERANCE_SECONDS = 300;

export type StripeWebhook = { stripe: Stripe; secret: string; count: (outcome: WebhookOutcome) => void };
export type WebhookOutcome = 'recorded' | 'repeated' | 'ignored' | 'refused';
type Recorded = 'new' | 'repeated' | 'foreign';

/** Takes what Stripe reports. To be mounted before anything reads bodies: what is signed are their bytes. */
export function mountStripeWebhook(app: Express, { db, webhook }: { db: Database; webhook: StripeWebhook }) {
  app.post(
    '/api/payments/webhooks/stripe',
    express.raw({ type: () => true, limit: '1mb' }),
    async (req, res) => {
      const outcome = await record(verified(req, webhook), { db, stripe: webhook.stripe });
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

type Deps = { db: Database; stripe: Stripe };

async function record(event: Stripe.Event, { db, stripe }: Deps): Promise<Recorded> {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed': {
      const intent = event.data.object;
      const ours = ourMetadata.safeParse(intent.metadata).data;
      if (!ours) return 'foreign';
      return recordStripeEvent(db, { ...ours, ...about(event), answer: chargeAnswerOf(intent) });
    }
    case 'charge.refunded':
      // Of a charge that is not ours there is nothing to ask for; other events do not say whose the charge is.
      return ourMetadata.safeParse(event.data.object.metadata).success
        ? recordChanges(event, event.data.object, { db, stripe })
        : 'foreign';
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
      return recordChanges(event, event.data.object, { db, stripe });
    default:
      return 'foreign';
  }
}

const about = ({ id, type }: Stripe.Event) => ({ eventId: id, type });

/** Takes in what became of a charge of ours: by what Stripe says of it now, whatever the event said then. */
async function recordChanges(
  event: Stripe.Event,
  { payment_intent }: { payment_intent: string | Stripe.PaymentIntent | null },
  { db, stripe }: Deps,
): Promise<Recorded> {
  const id = typeof payment_intent === 'string' ? payment_intent : payment_intent?.id;
  if (!id) return 'foreign';
  const intent = await asked(stripe.paymentIntents.retrieve(id));
  const ours = ourMetadata.safeParse(intent.metadata).data;
  if (!ours) return 'foreign';
  return recordIntent(db, {
    ...about(event),
    orderId: ours.orderId,
    read: () => asked(readIntent(stripe, intent)),
  });
}

const asked = <T>(asking: Promise<T>): Promise<T> =>
  asking.catch((cause) => {
    throw new ProblemError(
      'unavailable',
      'Stripe does not say what became of the charge. Deliver this again.',
      {
        cause,
      },
    );
  });
