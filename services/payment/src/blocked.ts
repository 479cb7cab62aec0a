import type { resolvePaymentBody } from '@orderflow/contracts/http/payments';
import { withoutPaymentMethods } from '@orderflow/contracts/payment-methods';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import {
  amountLeft,
  answered,
  chargeOf,
  type Decision,
  type Payment,
  silently,
  type Told,
} from './domain.ts';
import type { Refusal } from './provider.ts';

/** A call of the provider: what it was to do, and the amount of a refund. */
type Asked = { status: 'CHARGING' | 'REFUNDING'; amount: number };
export type Resolution = z.infer<typeof resolvePaymentBody>;

const callOf = ({ status }: Payment) => (status === 'REFUNDING' ? 'refund' : 'charge');

/** The provider refuses a call for good: it is not made again until a person has decided. */
export function refusedForGood(payment: Payment, { code, message }: Refusal, asked: Asked): Decision {
  const isCurrent =
    payment.status === asked.status &&
    payment.blocked === null &&
    amountLeft(payment).amount === asked.amount;
  if (!isCurrent) return silently(payment);
  const blocked = { code, message: withoutPaymentMethods(message) };
  return {
    payment: { ...payment, blocked },
    events: [{ type: 'payment.blocked', data: { ...chargeOf(payment), call: callOf(payment), ...blocked } }],
  };
}

const possible = { charge: ['retry', 'captured', 'declined'], refund: ['retry', 'refunded'] };

/**
 * A person decides about a blocked payment. Throws `conflict` for one that is not blocked, and `invalid_request` for what
 * cannot come of it, or without the reference that it needs.
 */
export function resolve(payment: Payment, resolution: Resolution): Decision {
  const { outcome, reference, reason } = resolution;
  if (payment.blocked === null) {
    throw new ProblemError('conflict', 'Nothing is to be decided about this payment. Read it again.');
  }
  const call = callOf(payment);
  if (!possible[call].includes(outcome)) {
    throw new ProblemError(
      'invalid_request',
      `The ${call} of this payment is blocked. Send one of these as "outcome": ${possible[call].join(', ')}.`,
    );
  }
  const resolved: Told = {
    type: 'payment.resolved',
    data: { ...chargeOf(payment), call, outcome, reference, reason },
  };
  const next = afterResolution(payment, resolution);
  return { payment: next.payment, events: [resolved, ...next.events] };
}

function afterResolution(payment: Payment, { outcome, reference }: Resolution): Decision {
  // The calls so far count on: a cancellation must not take it for never asked.
  if (outcome === 'retry') return silently({ ...payment, blocked: null });
  if (outcome === 'declined') {
    const message = 'Nothing was charged.';
    return answered(
      { ...payment, resolution: outcome },
      { status: 'declined', code: 'not_charged', message },
    );
  }
  if (reference === undefined) {
    throw new ProblemError('invalid_request', `Send the provider's reference of what was ${outcome}.`);
  }
  // What was charged is not known to be the method that was given last.
  const paymentMethod = outcome === 'captured' ? null : payment.paymentMethod;
  return answered({ ...payment, paymentMethod, resolution: outcome }, { status: outcome, reference });
}
