import type { Handlers } from '@orderflow/messaging/handlers';
import type { CustomerMetrics } from './metrics.ts';
import { keepGuests } from './operations/keep-guests.ts';

/** What this service does about the events of others. */
export const createHandlers = ({ metrics }: { metrics: CustomerMetrics }) =>
  ({
    'order.placed': (events, tx) => keepGuests(tx, events, metrics),
  }) satisfies Handlers;
