/** An error of Stripe: https://docs.stripe.com/api/errors */
export class StripeError extends Error {
  readonly status: number;
  readonly details: Record<string, unknown>;

  constructor(status: number, details: Record<string, unknown>) {
    super(String(details.message));
    this.status = status;
    this.details = details;
  }

  answer = () => ({ status: this.status, body: { error: this.details } });
}

const invalid = (message: string, details: object = {}, status = 400) =>
  new StripeError(status, { type: 'invalid_request_error', message, ...details });

/** The test methods that are declined when they are charged, and why: https://docs.stripe.com/testing#declined-payments */
const declines: Record<string, { code: string; decline_code: string; message: string }> = {
  pm_card_chargeDeclined: {
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
  },
  pm_card_chargeDeclinedInsufficientFunds: {
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    message: 'Your card has insufficient funds.',
  },
  pm_card_authenticationRequired: {
    code: 'authentication_required',
    decline_code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
  },
};
const goodMethods = ['pm_card_visa', 'pm_card_mastercard'];

const intentParameters = new Set([
  'amount',
  'currency',
  'payment_method',
  'allowed_payment_method_types',
  'confirm',
  'off_session',
  'metadata',
]);

export const stripeErrors = {
  internal: () => new StripeError(500, { type: 'api_error', message: 'An unknown error occurred.' }),
  rateLimit: () => invalid('Too many requests hit the API too quickly.', { code: 'rate_limit' }, 429),
  badKey: () => invalid('Invalid API Key provided: sk_test_***', {}, 401),
  keyInUse: () =>
    invalid(
      'There is currently another in-progress request using this Stripe Idempotent Key.',
      { code: 'idempotency_key_in_use' },
      409,
    ),
  otherParameters: () =>
    new StripeError(400, {
      type: 'idempotency_error',
      message:
        'Keys for idempotent requests can only be used with the same parameters they were first used with.',
    }),
  missing: (param: string, value: string) =>
    invalid(`No such ${param}: '${value}'`, { code: 'resource_missing', param }),
  refundedAlready: (charge: string) =>
    invalid(`Charge ${charge} has already been refunded.`, { code: 'charge_already_refunded' }),
  refundTooLarge: () =>
    invalid('Refund amount is greater than unrefunded amount on charge.', { param: 'amount' }),

  /** What the card's bank says; undefined for yes. */
  declined(paymentMethod: string, intent: object): StripeError | undefined {
    const decline = declines[paymentMethod];
    // The intent as it was, not with the error in it, which would hold itself.
    return decline && new StripeError(402, { type: 'card_error', ...decline, payment_intent: { ...intent } });
  },

  validateIntent(params: Record<string, unknown>): void {
    const unknown = Object.keys(params).find((name) => !intentParameters.has(name));
    if (unknown) throw invalid(`Received unknown parameter: ${unknown}`, { code: 'parameter_unknown' });
    if (!/^\d+$/.test(String(params.amount))) {
      throw invalid(`Invalid integer: ${params.amount}`, {
        code: 'parameter_invalid_integer',
        param: 'amount',
      });
    }
    if (Number(params.amount) < 50) {
      throw invalid('Amount must be at least 0.50.', { code: 'amount_too_small', param: 'amount' });
    }
    if (!/^[a-z]{3}$/.test(String(params.currency))) throw invalid('Invalid currency', { param: 'currency' });
    const method = String(params.payment_method);
    if (!goodMethods.includes(method) && !Object.hasOwn(declines, method)) {
      throw stripeErrors.missing('PaymentMethod', method);
    }
  },
};
