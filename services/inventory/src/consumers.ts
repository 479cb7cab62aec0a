import type { Handlers } from '@orderflow/messaging/handlers';
import type { Transaction } from '@orderflow/service-kit/database';
import type { OrderEvent } from './domain.ts';
import type { InventoryMetrics } from './metrics.ts';
import { moveReservations } from './operations/move-reservations.ts';

/** What this service does about the events of others. */
export function createHandlers(options: { metrics: InventoryMetrics; ttlMs: number }) {
  // One handler for all: events of one batch then stay in their order across types.
  const react = (events: OrderEvent[], tx: Transaction) => moveReservations(tx, events, options);

  return {
    'order.confirmation-requested': react,
    'order.paid': react,
    'order.cancelled': react,
    'order.shipped': react,
  } satisfies Handlers;
}
