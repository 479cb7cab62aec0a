import type { Event } from '@orderflow/contracts/events';
import type { Handlers } from '@orderflow/messaging/handlers';
import { causedBy } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { orderCancelled, orderConfirmed } from './domain.ts';
import { type Move, movePayments } from './operations/move-payments.ts';

// One handler for both, so that events of one order are decided in the order they came.
const followOrders = (events: Event<'order.confirmed' | 'order.cancelled'>[], tx: Transaction) =>
  movePayments(tx, events.map(toMove));

function toMove(event: Event<'order.confirmed' | 'order.cancelled'>): Move {
  const cause = causedBy(event, 'payment');
  const { orderId } = event.data;
  return event.type === 'order.confirmed'
    ? { orderId, cause, decide: (payment) => orderConfirmed(payment, event.data, cause) }
    : { orderId, cause, decide: (payment) => orderCancelled(payment, cause) };
}

/** What this service does about the events of others. */
export const handlers = {
  'order.confirmed': followOrders,
  'order.cancelled': followOrders,
} satisfies Handlers;
