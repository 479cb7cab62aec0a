import { firstIdAt } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';

const DAY_MS = 86_400_000;

/** How long rows are kept. Inboxes remember for longer than outboxes repeat. */
export const KEPT_MS = { outbox: 7 * DAY_MS, inbox: 8 * DAY_MS, idempotency_key: DAY_MS };

/** No row of an outbox goes earlier than this, however large the outbox is. */
const OUTBOX_AT_LEAST_MS = DAY_MS;

export type Table = keyof typeof KEPT_MS;

/** What one batch of a walk found. */
export type Batch = {
  /** Rows that the batch read, and how many of them it deleted. */
  seen: number;
  forgotten: number;
  /** Rows that are old enough to go on behind them. The walk is over when they are fewer than those read. */
  old: number;
  /** The key of the last row read: the next batch goes on behind it. */
  last: string | null;
  /** When the oldest row that stays was written. */
  oldestKept: Date | null;
};

/** A way through a table from its oldest row on. */
export type Walk = {
  table: Table;
  /** A key below all others. */
  start: string;
  batch: (db: Database, after: string, limit: number) => Promise<Batch>;
};

const ms = (n: number) => `interval '${n} milliseconds'`;

type Parts = {
  table: Table;
  /** An indexed column that grows with time, and its type. */
  key: string;
  type: string;
  time: string;
  /** Conditions for rows that may be deleted, and for those behind which such rows may follow. */
  over: string;
  old: string;
  within?: string;
};

// Walked by an index that the table has anyway, from where the last batch ended: whatever is found by age alone begins
// at the start of the table again, past all that was deleted. The condition stands in the DELETE too, which checks it
// again on a row that was changed meanwhile. Two replicas do not wait for one another, and nobody waits for the disk:
// what a crash of Postgres brings back is deleted again.
const walk = ({ table, key, type, time, over, old, within = 'true' }: Parts) => `
  WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('forget messaging.${table}')) AS mine
    WHERE set_config('synchronous_commit', 'off', true) = 'off'),
  seen AS MATERIALIZED (
    SELECT ${key} AS key, ${time} AS time, ${old} AS old, coalesce(${over}, false) AS over FROM messaging.${table}
    WHERE (SELECT mine FROM mine) AND ${within} AND ${key} > $1::${type} ORDER BY ${key} LIMIT $2),
  forgotten AS (
    DELETE FROM messaging.${table}
    WHERE ${within} AND ${key} > $1::${type} AND ${key} <= (SELECT key FROM seen ORDER BY key DESC LIMIT 1) AND ${over}
    RETURNING 1)
  SELECT count(*) AS seen, (SELECT count(*) FROM forgotten) AS forgotten, count(*) FILTER (WHERE old) AS old,
    (SELECT key FROM seen ORDER BY key DESC LIMIT 1)::text AS last, min(time) FILTER (WHERE NOT over) AS "oldestKept"
  FROM seen`;

const one = async (rows: Promise<Batch[]>): Promise<Batch> => (await rows)[0]!;

const horizon = `now() - CASE WHEN position <= (SELECT max(position) FROM messaging.outbox) - $3::bigint
  THEN ${ms(OUTBOX_AT_LEAST_MS)} ELSE ${ms(KEPT_MS.outbox)} END`;
// By its time too, as long as replicas of the release before may publish again from there.
const acknowledged = `position < least((SELECT min(safe_position) FROM messaging.relay),
  (SELECT min(from_position) FROM messaging.cut_loose))`;
const youngest = `least(${horizon}, (SELECT min(safe_at) FROM messaging.relay))`;
const OUTBOX = walk({
  table: 'outbox',
  key: 'position',
  type: 'bigint',
  time: 'created_at',
  over: `${acknowledged} AND published_at < ${youngest}`,
  old: `${acknowledged} AND created_at < ${youngest}`,
});

/**
 * Events that every consumer group has acknowledged: after 7 days, and after one day those beyond the newest
 * `maxRows`. What is unpublished or unacknowledged stays, however old it is, and what a group that was cut loose has
 * not read.
 */
export const outboxWalk = ({ maxRows }: { maxRows: number }): Walk => ({
  table: 'outbox',
  start: '0',
  batch: (db, after, limit) => one(db.query<Batch>(OUTBOX, [after, limit, maxRows])),
});

const INBOX = walk({
  table: 'inbox',
  key: 'event_id',
  type: 'uuid',
  time: 'handled_at',
  within: 'consumer_group = $3',
  over: `handled_at < now() - ${ms(KEPT_MS.inbox)}`,
  old: 'event_id < $4::uuid',
});

/** Events that a group handled 8 days ago. Their ids grow with time; one that was handled late stays for longer. */
export const inboxWalk = ({ group }: { group: string }): Walk => ({
  table: 'inbox',
  start: '00000000-0000-0000-0000-000000000000',
  batch: (db, after, limit) =>
    one(db.query<Batch>(INBOX, [after, limit, group, firstIdAt(Date.now() - KEPT_MS.inbox)])),
});

const over = `created_at < now() - ${ms(KEPT_MS.idempotency_key)}`;
const KEYS = walk({
  table: 'idempotency_key',
  key: 'created_at',
  type: 'timestamptz',
  time: 'created_at',
  over,
  old: over,
});

/** Answers that are kept for those who repeat a request, after a day. */
export const keysWalk: Walk = {
  table: 'idempotency_key',
  start: '-infinity',
  batch: (db, after, limit) => one(db.query<Batch>(KEYS, [after, limit])),
};
