import type { Event } from '@orderflow/contracts/events';
import type { Handlers } from '@orderflow/messaging/handlers';
import { causedBy } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { Seals } from '@orderflow/service-kit/seals';
import { chargeRequested, orderCancelled, orderConfirmed } from './domain.ts';
import { claimMethods } from './operations/claim-methods.ts';
import { type Move, movePayments } from './operations/move-payments.ts';

type OrderEvent = Event<'order.confirmed' | 'order.charge-requested' | 'order.cancelled'>;

/** What this service does about the events of others. */
export function createHandlers({ openMethod }: { openMethod: Seals['open'] }) {
  // One handler for all, so that events of one order are decided in the order they came.
  async function followOrders(events: OrderEvent[], tx: Transaction): Promise<void> {
    const given = events.map((event) => ({ event, method: methodIn(event) }));
    const isTheirs = await claimMethods(tx, given.flatMap(claimOf));
    await movePayments(
      tx,
      given.map((one) => ({
        orderId: one.event.data.orderId,
        cause: causedBy(one.event, 'payment'),
        decide: decisionOf(one, claimOf(one).every(isTheirs)),
      })),
    );
  }

  /** The payment method that an event brings; null for none, and for one that cannot be opened. */
  function methodIn(event: OrderEvent): string | null {
    switch (event.type) {
      case 'order.confirmed':
        return event.data.paymentMethod;
      case 'order.charge-requested':
        return openMethod(event.data.sealedMethod, event.data.orderId) ?? null;
      case 'order.cancelled':
        return null;
    }
  }

  return {
    'order.confirmed': followOrders,
    'order.charge-requested': followOrders,
    'order.cancelled': followOrders,
  } satisfies Handlers;
}

type Given = { event: OrderEvent; method: string | null };

const claimOf = ({ event, method }: Given) =>
  method !== null && 'customerId' in event.data ? [{ method, customerId: event.data.customerId }] : [];

function decisionOf({ event, method }: Given, isTheirs: boolean): Move['decide'] {
  const cause = causedBy(event, 'payment');
  switch (event.type) {
    case 'order.confirmed':
      return (payment) => orderConfirmed(payment, { ...event.data, method, isTheirs }, cause);
    case 'order.charge-requested':
      return (payment) => chargeRequested(payment, { ...event.data, method, isTheirs }, cause);
    case 'order.cancelled':
      return (payment) => orderCancelled(payment, cause);
  }
}
