import type { Group } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Redis } from 'ioredis';
import { compareIds, trimAcknowledged } from './stream.ts';

type Lease = { db: Database; stream: string; instance: string; lastEntryId: string };

/** Rows that one statement makes unpublished: few enough to end long before a statement times out. */
const BATCH = 5_000;

const HOLD = `
  UPDATE messaging.relay SET lease_until = now() + $3 * interval '1 millisecond'
  WHERE stream = $1 AND holder = $2 RETURNING stream`;

// Either of the two is enough. The time is for what a replica of the release before has marked, see decision 25.
const UNPUBLISH = `
  WITH safe AS (SELECT safe_position, safe_at - interval '5 minutes' AS at FROM messaging.relay WHERE stream = $1),
  batch AS MATERIALIZED (
    SELECT position FROM messaging.outbox, safe
    WHERE position > $2 AND published_at IS NOT NULL AND (position >= safe_position OR published_at >= safe.at)
    ORDER BY position LIMIT ${BATCH}),
  again AS (
    UPDATE messaging.outbox SET published_at = NULL FROM batch WHERE outbox.position = batch.position RETURNING 1)
  SELECT (SELECT count(*) FROM again) AS again, max(position) AS last FROM batch`;

const REPLAYED = `
  UPDATE messaging.relay SET last_entry_id = $2, replays = replays + 1,
    next_entry_id = $2, next_position = safe_position, next_at = safe_at
  WHERE stream = $1`;

/**
 * Makes the outbox unpublished again from the recorded safe point on; the relay then publishes it anew.
 * Consumers that had handled some of it pass over those by their inbox. Gives the number of rows, and undefined when
 * `instance` has lost its lease: the holder looks after the stream then, and may have replayed already. One that breaks
 * off begins again: the stream counts as lost until the last batch is committed.
 */
export async function replayOutbox({
  db,
  stream,
  instance,
  lastEntryId,
  leaseMs,
}: Lease & { leaseMs: number }): Promise<number | undefined> {
  let replayed = 0;
  for (let after = 0; ; ) {
    const batch = await db.transaction(async (tx) => {
      // First, because it locks the lease: nobody takes it over, or marks, until the batch is committed.
      if ((await tx.query(HOLD, [stream, instance, leaseMs])).length === 0) return undefined;
      const [batch] = await tx.query<{ again: number; last: number }>(UNPUBLISH, [stream, after]);
      if (batch!.again < BATCH) await tx.query(REPLAYED, [stream, lastEntryId]);
      return batch!;
    });
    if (!batch) return undefined;
    replayed += batch.again;
    if (batch.again < BATCH) return replayed;
    after = batch.last;
  }
}

const NEXT = `
  SELECT last_entry_id AS "remembered", next_entry_id AS "nextEntryId" FROM messaging.relay
  WHERE stream = $1 AND holder = $2`;

// Everything published up to the end of the stream has a lower position than the next one, or lowers it when it is
// marked. A `safe_at` that lies ahead of the clock protects nothing: without it, replicas of the release before replay all.
const ADVANCE = `
  UPDATE messaging.relay SET safe_position = next_position,
    safe_at = CASE WHEN next_at <= now() THEN next_at ELSE '-infinity' END,
    next_position = (SELECT coalesce(max(position), 0) + 1 FROM messaging.outbox), next_entry_id = $4, next_at = now()
  WHERE stream = $1 AND holder = $2 AND next_entry_id = $3`;

/**
 * Trims the stream below the lowest entry that one of `groups` has not acknowledged, never by length, nor beyond the
 * entry that the next holder of the lease will look for. When all groups have acknowledged everything up to the entry
 * noted last time, the position noted with it becomes the safe point, and the next one is noted: a lost stream is
 * published again from there. Does nothing while one of them does not exist yet (it has not seen the first entry),
 * when the stream has lost entries, or without the lease.
 */
export async function trimAndRecordSafePoint({
  db,
  redis,
  groups,
  stream,
  instance,
  lastEntryId,
}: Lease & { redis: Redis; groups: Group[] }): Promise<void> {
  const [next] = await db.query<{ remembered: string; nextEntryId: string }>(NEXT, [stream, instance]);
  if (!next) return;
  const { remembered, nextEntryId } = next;
  const trimmed = await trimAcknowledged(redis, stream, {
    groups,
    known: lastEntryId,
    keep: remembered,
  });
  if (!trimmed || compareIds(trimmed.floor, nextEntryId) <= 0) return;
  await db.query(ADVANCE, [stream, instance, nextEntryId, trimmed.last]);
}
