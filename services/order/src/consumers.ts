import type { Event } from '@orderflow/contracts/events';
import type { Handlers } from '@orderflow/messaging/handlers';
import { causedBy } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { keepProducts } from './operations/keep-products.ts';
import { type MoveDeps, moveOrders } from './operations/move-orders.ts';
import { react, type SealMethod } from './reactions.ts';

type SagaEvent = Extract<Event, { data: { orderId: string } }>;

/** What this service does about the events of others. */
export function createHandlers(deps: MoveDeps & { sealMethod: SealMethod }) {
  const reactToEvents = (events: SagaEvent[], tx: Transaction) =>
    moveOrders(
      tx,
      events.map((event) => ({
        orderId: event.data.orderId,
        decide: (order) => react(order, event, deps.sealMethod),
        cause: causedBy(event, 'order'),
      })),
      deps,
    );

  return {
    'product.changed': keepProducts,
    'inventory.reserved': reactToEvents,
    'inventory.rejected': reactToEvents,
    'inventory.expired': reactToEvents,
    'payment.captured': reactToEvents,
    'payment.declined': reactToEvents,
    'payment.voided': reactToEvents,
    'payment.refunded': reactToEvents,
    'payment.changed-at-provider': reactToEvents,
  } satisfies Handlers;
}
