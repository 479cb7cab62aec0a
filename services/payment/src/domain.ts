import type { EventType } from '@orderflow/contracts/events';
import type { PaymentView } from '@orderflow/contracts/http/payments';
import { newId } from '@orderflow/contracts/ids';
import type { Money } from '@orderflow/contracts/money';
import type { DisputeStatus } from '@orderflow/contracts/order';
import { withoutPaymentMethods } from '@orderflow/contracts/payment-methods';
import type { Cause, Draft } from '@orderflow/messaging/outbox';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { ChargeAnswer, RefundAnswer } from './provider.ts';

/** NONE: nothing is owed yet; kept only as the mark of a cancellation that came before its order. */
export type PaymentStatus = 'NONE' | Exclude<PaymentView['status'], 'CHARGE_BLOCKED' | 'REFUND_BLOCKED'>;

/** What decisions about a payment rest on. */
export type Payment = {
  id: string;
  orderId: string;
  /** Whose it is; null for NONE, and for payments from before this was kept. */
  customerId: string | null;
  sellerId: string | null;
  status: PaymentStatus;
  amount: Money | null;
  paymentMethod: string | null;
  providerReference: string | null;
  refundReference: string | null;
  declineCode: string | null;
  /** Why the provider refuses for good what is to be done: a person decides. */
  blocked: { code: string; message: string } | null;
  /** How a person decided, when it was not to ask again. */
  resolution: string | null;
  /** What was done by hand at the provider. */
  outside: Outside | null;
  /** Why it is charged; set together with the amount. */
  cause: Cause | null;
  /** Why the order was cancelled; null as long as it is not. */
  cancelCause: Cause | null;
  /** Calls of the provider begun for what is being done now. */
  attempts: number;
};

/** What holds at the provider that nobody asked for here: what went back in all, by its last refund, and a dispute. */
export type Outside = {
  refunded: number;
  reference: string | null;
  dispute: { reference: string; status: DisputeStatus; amount: number } | null;
};

/** The payment after a decision, and the events that tell of it. */
export type Decision = { payment: Payment; events: Told[] };

/** An event's type and data; who, when and in which sequence is added when it is written down. */
export type Told = { [D in Draft as D['type']]: Pick<D, 'type' | 'data'> }[EventType];

export const silently = (payment: Payment): Decision => ({ payment, events: [] });

/** The payment of an order that this service has not heard of. */
export const nothingOwed = (orderId: string): Payment => ({
  id: newId(),
  orderId,
  customerId: null,
  sellerId: null,
  status: 'NONE',
  amount: null,
  paymentMethod: null,
  providerReference: null,
  refundReference: null,
  declineCode: null,
  blocked: null,
  resolution: null,
  outside: null,
  cause: null,
  cancelCause: null,
  attempts: 0,
});

/** What free orders are paid with, and the provider's reference of a payment that it never heard of. */
export const NOTHING_TO_PAY = 'free';

/** What an order owes, and the payment method that came with it. */
type Owed = {
  customerId: string;
  sellerId: string;
  total: Money;
  method: string | null;
  /** Whether the method is the customer's to pay with. */
  isTheirs: boolean;
};

/** The order's total is owed: charged now with a payment method, due without one. A free one needs no method. */
export const orderConfirmed = (payment: Payment, owed: Owed, cause: Cause): Decision =>
  payment.status === 'NONE' ? owe(payment, owed, cause) : silently(payment);

/**
 * The same with a method of the customer's, which comes by itself, before the confirmation or after it. A customer who has
 * paid meanwhile has paid.
 */
export function chargeRequested(payment: Payment, owed: Owed, cause: Cause): Decision {
  if (payment.status !== 'NONE' && payment.status !== 'DUE') return silently(payment);
  // A method that cannot be read is nobody's: the secret was changed meanwhile.
  return owe(payment, { ...owed, isTheirs: owed.isTheirs && owed.method !== null }, cause);
}

function owe(
  payment: Payment,
  { customerId, sellerId, total, method, isTheirs }: Owed,
  cause: Cause,
): Decision {
  const paymentMethod = total.amount === 0 ? NOTHING_TO_PAY : method;
  const owed = { ...payment, customerId, sellerId, amount: total, paymentMethod, cause };
  // The cancellation came first. Events and end are those of the usual order: owed, then voided.
  if (payment.cancelCause) return voided(owed);
  if (!isTheirs && total.amount > 0) return declined(owed, notTheirs);
  return silently({ ...owed, status: paymentMethod ? 'CHARGING' : 'DUE' });
}

const notTheirs = {
  code: 'unknown_payment_method',
  message: 'The customer has no such payment method. Nothing was charged.',
};

/** Nothing is charged any more, and what was charged goes back. */
export function orderCancelled(payment: Payment, cancelCause: Cause): Decision {
  if (payment.cancelCause) return silently(payment);
  const cancelled = { ...payment, cancelCause };
  switch (payment.status) {
    case 'NONE':
      return silently(cancelled);
    case 'DUE':
      return voided(cancelled);
    case 'CHARGING':
      // Once a call has begun, only the provider knows; its answer decides what is left to do.
      return payment.attempts === 0 ? voided(cancelled) : silently(cancelled);
    case 'CAPTURED':
      return refundOf(cancelled);
    case 'DECLINED':
    case 'VOIDED':
    case 'REFUNDING':
    case 'REFUNDED':
      return silently(payment);
    default:
      return payment.status satisfies never;
  }
}

/**
 * The customer pays what is due. Throws `payment_not_due` in any other state, and `unknown_payment_method` for a method
 * that is not the customer's to pay with.
 */
export function pay(
  payment: Payment,
  { paymentMethod, isTheirs }: { paymentMethod: string; isTheirs: boolean },
  cause: Cause,
): Decision {
  if (payment.status !== 'DUE') throw new ProblemError('payment_not_due', notDue[payment.status]);
  if (!isTheirs) {
    throw new ProblemError(
      'unknown_payment_method',
      'The customer of this order has no such payment method. Send the card itself, or make a method of it first: POST /api/payments/methods.',
    );
  }
  const { correlationId } = payment.cause!;
  return silently({ ...payment, status: 'CHARGING', paymentMethod, cause: { ...cause, correlationId } });
}

const notDue: Record<Exclude<PaymentStatus, 'DUE'>, string> = {
  NONE: 'The order is not confirmed, or there is no such order; look at it before you try again.',
  CHARGING: 'The payment is being charged already; read it again in a moment.',
  CAPTURED: 'The order is paid already.',
  DECLINED: 'The card was declined and the order is cancelled; place a new order.',
  VOIDED: 'The order was cancelled; place a new one.',
  REFUNDING: 'The order was cancelled and is being refunded; place a new one.',
  REFUNDED: 'The order was cancelled and refunded; place a new one.',
};

/** What the provider has said. A second report of it changes nothing. */
export function answered(payment: Payment, answer: ChargeAnswer | RefundAnswer): Decision {
  const expected = answer.status === 'refunded' ? 'REFUNDING' : 'CHARGING';
  if (payment.status !== expected) return silently(payment);
  const charge = chargeOf(payment);
  switch (answer.status) {
    case 'captured': {
      const { reference } = answer;
      const captured: Payment = {
        ...payment,
        status: 'CAPTURED',
        blocked: null,
        providerReference: reference,
      };
      const next = payment.cancelCause ? refundOf(captured) : silently(captured);
      const told: Told = { type: 'payment.captured', data: { ...charge, providerReference: reference } };
      return { payment: next.payment, events: [told, ...next.events] };
    }
    case 'declined':
      return declined(payment, answer);
    case 'refunded':
      return refunded(payment, answer.reference);
    default:
      return answer satisfies never;
  }
}

/** What is left to refund: without what went back by hand at the provider. */
export const amountLeft = ({ amount, outside }: Payment): Money => ({
  ...amount!,
  amount: Math.max(0, amount!.amount - (outside?.refunded ?? 0)),
});

/** The rest goes back. With nothing left, it has gone back already. A free order is refunded as any other. */
export function refundOf(payment: Payment): Decision {
  if (payment.outside && amountLeft(payment).amount === 0) {
    return refunded(payment, payment.outside.reference ?? 'by hand');
  }
  return silently({ ...payment, status: 'REFUNDING', blocked: null, attempts: 0 });
}

const refunded = (payment: Payment, reference: string): Decision => ({
  payment: { ...payment, status: 'REFUNDED', blocked: null, refundReference: reference },
  events: [{ type: 'payment.refunded', data: { ...chargeOf(payment), providerReference: reference } }],
});

/** Providers name the method in their messages. */
const declined = (payment: Payment, { code, message }: { code: string; message: string }): Decision => ({
  payment: { ...payment, status: 'DECLINED', blocked: null, declineCode: code },
  events: [
    {
      type: 'payment.declined',
      data: { ...chargeOf(payment), code, message: withoutPaymentMethods(message) },
    },
  ],
});

const voided = (payment: Payment): Decision => ({
  payment: { ...payment, status: 'VOIDED' },
  events: [{ type: 'payment.voided', data: chargeOf(payment) }],
});

export const chargeOf = ({ orderId, id, amount }: Payment) => ({ orderId, paymentId: id, amount: amount! });
