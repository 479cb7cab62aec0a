import type { Event } from '@orderflow/contracts/events';
import type { Transaction } from '@orderflow/service-kit/database';

/** The effect of the test's consumers: one row per event, without any guard against a second one. */
export async function noteEffects(events: Event<'order.cancelled'>[], tx: Transaction): Promise<void> {
  await tx.query('INSERT INTO effects (order_id, attempt) SELECT * FROM unnest($1::uuid[], $2::int[])', [
    events.map((event) => event.data.orderId),
    events.map((event) => event.attempt),
  ]);
}
