import type { DeadLetterSelection } from '@orderflow/contracts/http/dead-letters';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { eventIdOf } from './event-id.ts';
import { keepable } from './keepable-text.ts';

export type DeathReason = 'unreadable' | 'failed' | 'killed_consumer';

/** An event as it was taken over from Redis. `key` is its id, see `eventIdOf`; the body is text that Postgres keeps. */
export type Custody = { group: string; key: string; stream: string; entryId: string; body: string };

// Into the inbox as well, which a replay asks. What is there already was handled, or given up on before; a letter that a
// replica of the release before has written is the only one that may be there alone.
const BURY = `
  WITH given_up AS (
    INSERT INTO messaging.inbox (consumer_group, event_id) VALUES ($1, $9) ON CONFLICT DO NOTHING RETURNING event_id)
  INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts, event_id)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, event_id FROM given_up
  ON CONFLICT (consumer_group, key) DO UPDATE SET event_id = excluded.event_id RETURNING id`;

/**
 * Writes down that an event is given up on. Commit it before acknowledging or deleting the event elsewhere.
 * Returns false, and writes nothing, when the event was handled or given up on before.
 */
export async function bury(
  tx: Pick<Transaction, 'query'>,
  { group, key, stream, entryId, body }: Custody,
  why: { reason: DeathReason; error: string; attempts: number },
): Promise<boolean> {
  const { reason, error, attempts } = why;
  const values = [group, key, stream, entryId, body, reason, keepable(error), attempts, eventIdOf(body)];
  return (await tx.query(BURY, values)).length > 0;
}

export type DeadLetter = Custody & {
  id: string;
  reason: DeathReason;
  error: string;
  attempts: number;
  /** In microseconds, as Postgres orders them: a cursor made of milliseconds would pass over some. */
  diedAt: string;
  /** What a person decided; all null while nobody has. */
  discardReason: string | null;
  discardedBy: string | null;
  discardedAt: Date | null;
};

const COLUMNS = `id, consumer_group AS "group", key, stream, entry_id AS "entryId", body, reason, error, attempts,
  to_char(died_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "diedAt"`;

const DEAD = `SELECT ${COLUMNS}, NULL AS "discardReason", NULL AS "discardedBy", NULL AS "discardedAt"
  FROM messaging.dead_letter`;

const DISCARDED = `SELECT ${COLUMNS}, discard_reason AS "discardReason", discarded_by AS "discardedBy",
  discarded_at AS "discardedAt" FROM messaging.discarded_letter`;

const PAGE = `
  WHERE ($1::text IS NULL OR consumer_group = $1) AND ($2::text IS NULL OR reason = $2)
    AND ($3::text IS NULL OR stream = $3) AND ($4::timestamptz IS NULL OR (died_at, id) < ($4, $5::uuid))
  ORDER BY died_at DESC, id DESC LIMIT $6`;

type Listing = {
  group?: string;
  state?: 'dead' | 'discarded';
  reason?: DeathReason;
  stream?: string;
  /** Only what died before this one. */
  before?: { diedAt: string; id: string };
  limit?: number;
};

/** The events a service has given up on, or those of them that somebody discarded; newest first. */
export const listDeadLetters = (
  db: Pick<Database, 'query'>,
  { group, state = 'dead', reason, stream, before, limit = 100 }: Listing = {},
): Promise<DeadLetter[]> =>
  db.query<DeadLetter>(`${state === 'dead' ? DEAD : DISCARDED} ${PAGE}`, [
    group,
    reason,
    stream,
    before?.diedAt,
    before?.id,
    limit,
  ]);

const ONE = 'WHERE consumer_group = $1 AND id = $2';

/** A dead letter, discarded or not. */
export async function getDeadLetter(
  db: Pick<Database, 'query'>,
  { group, id }: { group: string; id: string },
): Promise<DeadLetter | undefined> {
  const [letter] = await db.query<DeadLetter>(`${DEAD} ${ONE} UNION ALL ${DISCARDED} ${ONE}`, [group, id]);
  return letter;
}

// Locked in order of id, so that two who choose the same letters wait for one another instead of deadlocking.
const CHOSEN = `
  WITH dead AS (
    DELETE FROM messaging.dead_letter WHERE id IN (
      SELECT id FROM messaging.dead_letter
      WHERE ($1::text IS NULL OR consumer_group = $1) AND ($2::uuid[] IS NULL OR id = ANY($2))
        AND ($3::text IS NULL OR reason = $3) AND ($4::text IS NULL OR stream = $4)
      ORDER BY id FOR UPDATE)
    RETURNING *)`;

const chosen = (group: string | undefined, selection: DeadLetterSelection) =>
  'ids' in selection
    ? [group, selection.ids, null, null]
    : [group, null, selection.reason ?? null, selection.stream ?? null];

const REDRIVE = `${CHOSEN}, moved AS (
    INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body)
    SELECT consumer_group, key, stream, entry_id, body FROM dead ORDER BY consumer_group, key
    ON CONFLICT (consumer_group, key) DO UPDATE SET next_attempt_at = now(), begun = 0, ended = 0, forgiven = 0)
  SELECT id FROM dead`;

/**
 * Gives events another life: they are tried again at once, with no attempts counted, by the code of today.
 * A trigger of the table of dead letters takes them out of the inbox. Gives the ids of the dead letters there were.
 */
export async function redriveMany(
  db: Database,
  { group, selection }: { group?: string; selection: DeadLetterSelection },
): Promise<string[]> {
  return db.transaction(async (tx) => {
    const moved = await tx.query<{ id: string }>(REDRIVE, chosen(group, selection));
    if (moved.length > 0) tx.wakeAfterCommit('retry');
    return moved.map(({ id }) => id);
  });
}

/** The same for one of any group. False when there is no such dead letter. */
export const redrive = async (db: Database, id: string): Promise<boolean> =>
  (await redriveMany(db, { selection: { ids: [id] } })).length > 0;

const DISCARD = `${CHOSEN}
  INSERT INTO messaging.discarded_letter (id, consumer_group, key, stream, entry_id, body, reason, error, attempts,
    died_at, discard_reason, discarded_by)
  SELECT id, consumer_group, key, stream, entry_id, body, reason, error, attempts, died_at, $5, $6 FROM dead
  RETURNING id`;

/** Gives events up for good; why and by whom is kept with them, and they stay in the inbox. Gives the ids of the dead letters there were. */
export async function discard(
  db: Pick<Database, 'query'>,
  { group, ids, reason, by }: { group?: string; ids: string[]; reason: string; by: string },
): Promise<string[]> {
  const discarded = await db.query<{ id: string }>(DISCARD, [...chosen(group, { ids }), reason, by]);
  return discarded.map(({ id }) => id);
}
