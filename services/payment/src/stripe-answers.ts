import { formatMoney, type Money } from '@orderflow/contracts/money';
import Stripe from 'stripe';
import type { ChargeAnswer, RefundAnswer } from './provider.ts';

/** What Stripe has decided about a charge. Throws as long as it has not. */
export function chargeAnswerOf(intent: Stripe.PaymentIntent): ChargeAnswer {
  switch (intent.status) {
    case 'succeeded':
      return { status: 'captured', reference: intent.id };
    case 'requires_payment_method':
    case 'canceled':
      return declined(intent.last_payment_error ?? {});
    default:
      throw new Error(`Stripe has not decided on ${intent.id} yet: it is ${intent.status}`);
  }
}

/** What Stripe has decided about a refund. Throws as long as it has not, and when it failed: that needs a person. */
export function refundAnswerOf(refund: Stripe.Refund): RefundAnswer {
  if (refund.status === 'succeeded') return { status: 'refunded', reference: refund.id };
  throw new Error(`the refund ${refund.id} is not done: it is ${refund.status}`);
}

/**
 * The no in an error: a declined card, or a request that Stripe did not begin, such as for a payment method that
 * does not exist or may not be used again. Anything else is thrown on, for its outcome is unknown: no connection,
 * a 5xx, a rate limit, a key whose first request is still running or was another, an API key that is not good.
 */
export function refusalIn(error: unknown): ChargeAnswer {
  const { StripeCardError, StripeInvalidRequestError } = Stripe.errors;
  const isNo =
    (error instanceof StripeCardError && error.rawType === 'card_error') ||
    error instanceof StripeInvalidRequestError;
  if (isNo) return declined(error);
  throw error;
}

/** The issuer's reason where it gives one: `insufficient_funds` says more than `card_declined`. */
function declined({
  code,
  decline_code,
  message,
}: Partial<Stripe.PaymentIntent.LastPaymentError>): ChargeAnswer {
  const reason = decline_code && decline_code !== 'generic_decline' ? decline_code : code;
  return {
    status: 'declined',
    code: reason ?? 'card_declined',
    message: message || 'The payment was declined.',
  };
}

/** The no of this adapter itself. Rounding would charge another total than the order's. */
export const notChargeable = (amount: Money): ChargeAnswer => ({
  status: 'declined',
  code: 'amount_not_chargeable',
  message: `Stripe cannot charge exactly ${formatMoney(amount)}: it has fewer decimals for ${amount.currency}. Prices without the last ones can be paid.`,
});
