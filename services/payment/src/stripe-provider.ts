import type Stripe from 'stripe';
import type { PaymentProvider } from './provider.ts';
import { isChargeable, toStripeAmount } from './stripe-amounts.ts';
import {
  chargeAnswerOf,
  notChargeable,
  refundAnswerOf,
  refundRefusalIn,
  refusalIn,
} from './stripe-answers.ts';

/** Stripe forgets idempotency keys after 24 hours at the earliest; from here on one is not relied on alone. */
const KEYS_LAST_MS = 23 * 3_600_000;

/** Stripe as payment provider: a charge is a PaymentIntent that is created and confirmed in one call. */
export function createStripeProvider({
  stripe,
  close,
}: {
  stripe: Stripe;
  close: () => Promise<void>;
}): PaymentProvider {
  /** The intent that was made with this key, however long ago. */
  async function findIntent(key: string): Promise<Stripe.PaymentIntent | undefined> {
    const found = await stripe.paymentIntents.search({ query: `metadata['key']:'${key}'`, limit: 1 });
    return found.data[0];
  }

  async function findRefund(payment_intent: string): Promise<Stripe.Refund | undefined> {
    const found = await stripe.refunds.list({ payment_intent, limit: 100 });
    return found.data.find(({ status }) => status === 'succeeded');
  }

  // The answer to a key stays what it was at first, also when more is known by now.
  const settled = async (intent: Stripe.PaymentIntent) =>
    chargeAnswerOf(intent.status === 'succeeded' ? intent : await stripe.paymentIntents.retrieve(intent.id));

  return {
    async charge({ key, amount, paymentMethod, reference, askedSince }) {
      const forgotten = askedSince && Date.now() - askedSince.getTime() > KEYS_LAST_MS;
      // Both may have been charged already: with a key that is forgotten, or when the amount was read with other decimals.
      if (forgotten || !isChargeable(amount)) {
        const intent = await findIntent(key);
        if (intent) return chargeAnswerOf(intent);
      }
      if (!isChargeable(amount)) return notChargeable(amount);
      const asked = stripe.paymentIntents.create(
        {
          amount: toStripeAmount(amount),
          currency: amount.currency.toLowerCase(),
          payment_method: paymentMethod,
          allowed_payment_method_types: ['card'],
          confirm: true,
          // Nobody is there to pass a further check of the bank: it is declined instead of left open.
          off_session: true,
          metadata: { orderId: reference, key },
        },
        { idempotencyKey: key },
      );
      return asked.then(settled, refusalIn);
    },

    async refund({ key, charge, amount, ofCharge, reference }) {
      try {
        // What was charged goes back, also when the amount was read with other decimals then: see decision 37.
        const { amount: charged } = await stripe.paymentIntents.retrieve(charge);
        if (charged < toStripeAmount(amount)) {
          return {
            status: 'blocked',
            code: 'refund_exceeds_charge',
            message: `${charge} was a charge of ${charged} in the units of Stripe, less than its refund.`,
          };
        }
        const part = ofCharge ? amount.amount / ofCharge.amount : 1;
        const refund = await stripe.refunds.create(
          {
            payment_intent: charge,
            amount: Math.round(charged * part),
            metadata: { orderId: reference, key },
          },
          { idempotencyKey: key },
        );
        return refundAnswerOf(
          refund.status === 'succeeded' ? refund : await stripe.refunds.retrieve(refund.id),
        );
      } catch (error) {
        if (!isRefundedAlready(error)) return refundRefusalIn(error);
        // By us with a key that Stripe has forgotten since, or by hand: all of the money is back.
        const refund = await findRefund(charge);
        if (!refund) return refundRefusalIn(error);
        return refundAnswerOf(refund);
      }
    },

    async createPaymentMethod() {
      return {
        status: 'not_taken',
        message:
          "Card numbers are not taken here. Turn the card into a payment method with Stripe's own form (Stripe.js) and send its id as paymentMethod.",
      };
    },

    close,
  };
}

const isRefundedAlready = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'charge_already_refunded';
