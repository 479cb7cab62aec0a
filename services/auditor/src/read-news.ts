import type { Database } from '@orderflow/service-kit/database';
import type { RecordedEvent } from './views.ts';

/** A recorded event and its number among those of its order. */
export type NumberedEvent = RecordedEvent & { orderId: string; position: number };

/** The most that is read of one order at a time. */
export const PER_ORDER = 100;

// For each order one look into the index, however many events there are of others.
const NEWS = `
  SELECT told.event_id AS "eventId", told.order_id AS "orderId", position, type, source, sequence, time,
    recorded_at AS "recordedAt", actor, correlation_id AS "correlationId", causation_id AS "causationId", attempt, data
  FROM unnest($1::uuid[], $2::int[]) AS asked(order_id, after)
  CROSS JOIN LATERAL (
    SELECT * FROM events
    WHERE events.order_id = asked.order_id AND position > asked.after
    ORDER BY position LIMIT ${PER_ORDER}) AS told
  ORDER BY position`;

/** The events of each order after a number, in the order of their commits. */
export const readNews = (
  db: Pick<Database, 'query'>,
  asked: { orderId: string; after: number }[],
): Promise<NumberedEvent[]> =>
  db.query<NumberedEvent>(NEWS, [asked.map(({ orderId }) => orderId), asked.map(({ after }) => after)]);
