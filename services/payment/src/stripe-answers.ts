import { formatMoney, type Money } from '@orderflow/contracts/money';
import Stripe from 'stripe';
import type { ChargeAnswer, RefundAnswer, Refusal } from './provider.ts';

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

/** What Stripe has decided about a refund. Throws as long as it has not. One that failed needs a person. */
export function refundAnswerOf({ id, status, failure_reason }: Stripe.Refund): RefundAnswer | Refusal {
  if (status === 'succeeded') return { status: 'refunded', reference: id };
  if (status === 'failed' || status === 'canceled') {
    const message = `Stripe says that the refund ${id} is ${status}. Refund it by hand there, or in another way.`;
    return { status: 'blocked', code: failure_reason ?? `refund_${status}`, message };
  }
  throw new Error(`the refund ${id} is not done: it is ${status}`);
}

/**
 * The no in an error: a declined card, or a request that Stripe did not begin, such as for a payment method that
 * does not exist or may not be used again. Anything else is thrown on, for its outcome is unknown: no connection,
 * a 5xx, a rate limit, a key whose first request is still running, an API key that is not good. A key that was used for
 * another request needs a person: what came of that is not known.
 */
export function refusalIn(error: unknown): ChargeAnswer | Refusal {
  const reused = keyReusedIn(error);
  if (reused) return reused;
  const { StripeCardError, StripeInvalidRequestError } = Stripe.errors;
  const isNo =
    (error instanceof StripeCardError && error.rawType === 'card_error') ||
    error instanceof StripeInvalidRequestError;
  if (isNo) return declined(error);
  throw error;
}

/** Why Stripe refuses a refund for good. Throws an error whose outcome is unknown on. */
export function refundRefusalIn(error: unknown): Refusal {
  const reused = keyReusedIn(error);
  if (reused) return reused;
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
  return { status: 'blocked', code: error.code ?? 'refund_refused', message: error.message };
}

function keyReusedIn(error: unknown): Refusal | undefined {
  if (!(error instanceof Stripe.errors.StripeIdempotencyError)) return undefined;
  return { status: 'blocked', code: 'idempotency_key_reused', message: error.message };
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
