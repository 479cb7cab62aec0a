import type { Event } from '@orderflow/contracts/events';
import { causedBy } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { CustomerMetrics } from '../metrics.ts';
import { insertCustomers, type NewCustomer } from './insert-customers.ts';

/** Makes a guest record for each customer of these orders who has none; never changes one that is there. */
export async function keepGuests(
  tx: Transaction,
  events: Event<'order.placed'>[],
  metrics: CustomerMetrics,
): Promise<void> {
  const guests = new Map<string, NewCustomer>();
  for (const event of events) {
    const { customer, orderId } = event.data;
    if (guests.has(customer.id)) continue;
    guests.set(customer.id, { ...customer, guest: true, orderId, cause: causedBy(event, 'customer') });
  }
  const fresh = await insertCustomers(tx, [...guests.values()]);
  tx.afterCommit(() => metrics.created.inc({ kind: 'guest' }, fresh.size));
}
