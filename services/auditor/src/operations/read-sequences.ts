import type { Database } from '@orderflow/service-kit/database';
import type { Sequence } from '../invariants/things.ts';

const COLUMNS = `source, subject, min(order_id::text) AS "orderId", count(*) AS events,
  count(DISTINCT sequence) AS distinct, max(sequence) AS last,
  (extract(epoch FROM max(recorded_at)) * 1000)::float8 AS "recordedAt"`;

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

const KEPT = 'SELECT event_id FROM events WHERE event_id = ANY($1::uuid[])';

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

/** Which of these events are recorded. */
export async function keptOf(db: Database, ids: string[]): Promise<Set<string>> {
  const rows = await db.query<{ event_id: string }>(KEPT, [ids]);
  return new Set(rows.map((row) => row.event_id));
}
