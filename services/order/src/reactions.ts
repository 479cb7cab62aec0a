import type { Event } from '@orderflow/contracts/events';
import type { CancelReason, PaymentStatus } from '@orderflow/contracts/order';
import { isTestMethod } from '@orderflow/contracts/payment-methods';
import { cancel, type Decision, moveTo, type Order, type Told } from './domain.ts';

/** Makes a payment method unreadable for all but payment, for one order. */
export type SealMethod = (paymentMethod: string, orderId: string) => string;

const unchanged = (order: Order): Decision => ({ order, events: [] });

/** What an order does about an event of another service. It reaches the same end in any order of events. */
export function react(order: Order, event: Event, seal: SealMethod): Decision {
  switch (event.type) {
    case 'inventory.reserved':
      return held(order, event.data.expiresAt, seal);
    case 'inventory.rejected':
      return endEarly(order, 'out_of_stock');
    case 'inventory.expired':
      // The stock is held until we say so: a payment that came first wins.
      return endEarly(order, 'reservation_expired');
    case 'payment.captured':
      return settle(withPayment(order, 'CAPTURED'));
    case 'payment.declined':
      return settle(withPayment(order, 'DECLINED'));
    case 'payment.voided':
      return unchanged(withPayment(order, 'VOIDED'));
    case 'payment.refunded':
      return unchanged(withPayment(order, 'REFUNDED'));
    case 'payment.changed-at-provider':
      return unchanged(withChanges(order, event));
    default:
      return unchanged(order);
  }
}

const paymentRank: Record<PaymentStatus, number> = {
  NONE: 0,
  DUE: 1,
  CAPTURED: 2,
  DECLINED: 2,
  VOIDED: 2,
  REFUNDED: 3,
};

/** The order with what was heard of its payment. A refund may be heard of before its capture; the later one stays. */
const withPayment = (order: Order, heard: PaymentStatus): Order =>
  paymentRank[heard] > paymentRank[order.paymentStatus] ? { ...order, paymentStatus: heard } : order;

/** It is shown, and the order stays where it is. The event says all that holds, so that the latest one counts. */
function withChanges(order: Order, { sequence, data }: Event<'payment.changed-at-provider'>): Order {
  if (sequence <= order.providerSequence) return order;
  return {
    ...order,
    refundedAtProvider: data.refunded.amount,
    dispute: data.dispute?.status ?? null,
    providerSequence: sequence,
  };
}

function held(order: Order, expiresAt: string, seal: SealMethod): Decision {
  if (order.status !== 'PENDING') return unchanged(order);
  const now: Order = { ...order, status: 'CONFIRMED', expiresAt: new Date(expiresAt) };
  const next = settle(withPayment(now, 'DUE'));
  return {
    order: next.order,
    events: [...confirmed(order, expiresAt, seal), ...next.events],
  };
}

/** A method of the customer's goes to payment sealed, beside what everybody may read. */
function confirmed(order: Order, expiresAt: string, seal: SealMethod): Told[] {
  const { id: orderId, customerId, sellerId, total, paymentMethod } = order;
  const owed = { orderId, customerId, sellerId, total };
  const move = moveTo(order, 'CONFIRMED');
  if (paymentMethod === null || isTestMethod(paymentMethod)) {
    return [{ type: 'order.confirmed', data: { ...owed, paymentMethod, expiresAt, ...move } }];
  }
  const sealedMethod = seal(paymentMethod, orderId);
  return [
    {
      type: 'order.confirmed',
      data: { ...owed, paymentMethod: null, chargedAtOnce: true, expiresAt, ...move },
    },
    {
      type: 'order.charge-requested',
      data: { ...owed, sealedMethod, previousStatus: 'CONFIRMED', status: 'CONFIRMED' },
    },
  ];
}

/** What a confirmed order becomes by the answer of its payment, whichever of the two was heard of first. */
function settle(order: Order): Decision {
  if (order.status !== 'CONFIRMED') return unchanged(order);
  switch (order.paymentStatus) {
    case 'CAPTURED':
    case 'REFUNDED': // and so captured before
      return paid(order);
    case 'DECLINED':
      return cancel(order, 'payment_declined');
    case 'NONE':
    case 'DUE':
    case 'VOIDED':
      return unchanged(order);
  }
}

const paid = (order: Order): Decision => ({
  order: { ...order, status: 'PAID', expiresAt: null },
  events: [{ type: 'order.paid', data: { orderId: order.id, total: order.total, ...moveTo(order, 'PAID') } }],
});

/** Ends an order that is not paid yet; one that is paid or ended stays as it is. */
function endEarly(order: Order, reason: CancelReason): Decision {
  return order.status === 'PENDING' || order.status === 'CONFIRMED'
    ? cancel(order, reason)
    : unchanged(order);
}
