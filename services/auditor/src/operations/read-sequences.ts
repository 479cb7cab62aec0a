import { EVENT_DIGEST } from '@orderflow/messaging/event-digest';
import type { Database } from '@orderflow/service-kit/database';
import type { Sequence } from '../invariants/things.ts';

const COLUMNS = `source, subject, min(order_id::text) AS "orderId", count(*) AS events,
  count(DISTINCT sequence) AS distinct, max(sequence) AS last,
  (extract(epoch FROM max(recorded_at)) * 1000)::float8 AS "recordedAt",
  (extract(epoch FROM max(time)) * 1000)::float8 AS "madeAt"`;

const OF_ORDERS = `
  SELECT ${COLUMNS} FROM events WHERE order_id = ANY($1::uuid[]) GROUP BY source, subject`;

const OF_SUBJECTS = `
  SELECT ${COLUMNS} FROM unnest($1::text[], $2::text[]) AS asked(source, subject)
  JOIN events USING (source, subject) WHERE order_id IS NULL GROUP BY source, subject`;

const LOOSE = `
  SELECT ${COLUMNS} FROM events WHERE order_id IS NULL AND (source, subject) > ($1, $2)
  GROUP BY source, subject ORDER BY source, subject LIMIT $3`;

// Most are customers, whose one event has the number 1 and leaves no hole.
const LOOSE_SINCE = `
  SELECT DISTINCT source, subject FROM events
  WHERE order_id IS NULL AND sequence > 1 AND recorded_at >= $1 LIMIT 5000`;

const KEPT = `
  SELECT e.id, ${EVENT_DIGEST} AS digest
  FROM (SELECT event_id AS id, type, source, subject, sequence, order_id AS orderid, correlation_id AS correlationid,
      causation_id AS causationid, actor, attempt, traceparent, time, data
    FROM events WHERE event_id = ANY($1::uuid[])) AS e`;

export type Subject = { source: string; subject: string };

/** The numbers of the events about orders, or about subjects that are none. */
export const sequencesOf = (
  db: Database,
  asked: { orders: string[] } | { subjects: Subject[] },
): Promise<Sequence[]> =>
  'orders' in asked
    ? db.query<Sequence>(OF_ORDERS, [asked.orders])
    : db.query<Sequence>(OF_SUBJECTS, [
        asked.subjects.map(({ source }) => source),
        asked.subjects.map(({ subject }) => subject),
      ]);

/** The next subjects that are no orders, in their order. */
export const looseSequences = (
  db: Database,
  { after, limit }: { after: Subject | null; limit: number },
): Promise<Sequence[]> => db.query<Sequence>(LOOSE, [after?.source ?? '', after?.subject ?? '', limit]);

/** Subjects that are no orders and had events recorded since a time. */
export const looseSubjectsSince = (db: Database, since: Date): Promise<Subject[]> =>
  db.query<Subject>(LOOSE_SINCE, [since]);

/** Returns the digests of those of these events that are recorded, by id. */
export async function keptOf(db: Database, ids: string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; digest: string }>(KEPT, [ids]);
  return new Map(rows.map(({ id, digest }) => [id, digest]));
}
