import type { ServiceName } from '@orderflow/contracts/events';
import { type Group, groupsOf } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Redis } from 'ioredis';
import { groupInfos } from './group-lag.ts';
import { compareIds, fieldOf } from './stream.ts';

/** Clocks, and marks that were written out of order, may differ by this much; publishing more than needed is harmless. */
const SAFETY_MARGIN = '5 minutes';

/**
 * Makes the outbox unpublished again from the recorded safe point on; the relay then publishes it anew.
 * Consumers that had handled some of it pass over those by their inbox. Gives the number of rows, and undefined when
 * `instance` has lost its lease: the holder looks after the stream then, and may have replayed already.
 */
export async function replayOutbox(options: {
  db: Database;
  stream: string;
  instance: string;
  lastEntryId: string;
}): Promise<number | undefined> {
  const { db, stream, instance, lastEntryId } = options;
  return db.transaction(async (tx) => {
    // First, because it locks the lease: nobody takes it over, or marks, until the replay is committed.
    const held = await tx.query(
      `UPDATE messaging.relay SET last_entry_id = $3, replays = replays + 1
       WHERE stream = $1 AND holder = $2 RETURNING stream`,
      [stream, instance, lastEntryId],
    );
    if (held.length === 0) return undefined;
    const [row] = await tx.query<{ again: number }>(
      `WITH again AS (
         UPDATE messaging.outbox SET published_at = NULL
         WHERE published_at >= (SELECT safe_at FROM messaging.relay WHERE stream = $1) - interval '${SAFETY_MARGIN}'
         RETURNING 1)
       SELECT count(*) AS again FROM again`,
      [stream],
    );
    return row!.again;
  });
}

type Upkeep = { db: Database; redis: Redis; service: ServiceName; stream: string };

/**
 * Trims the stream below the lowest entry that some known group has not acknowledged, never by length, nor beyond the
 * entry that the next holder of the lease will look for. Writes down since when nothing unacknowledged was published:
 * from there a lost stream is made again. Does nothing while a known group does not exist yet: it has not seen the first
 * entry.
 */
export async function trimAndRecordSafePoint({ db, redis, service, stream }: Upkeep): Promise<void> {
  const [clock] = await db.query<{ now: Date }>('SELECT now()');
  const floor = await lowestUnacknowledged(redis, stream, groupsOf(service));
  if (!floor) return;
  const [first] = (await redis.xrange(stream, floor, '+', 'COUNT', 1)) as [string, string[]][];
  const position = first && fieldOf(first[1], 'position');
  if (position && !/^\d+$/.test(position)) return;
  const [relay] = await db.query<{ last_entry_id: string }>(
    `UPDATE messaging.relay SET safe_at = greatest(safe_at, coalesce(
       (SELECT coalesce(published_at, created_at) FROM messaging.outbox WHERE position = $2::bigint),
       CASE WHEN $2::bigint IS NULL THEN $3::timestamptz END, safe_at))
     WHERE stream = $1 RETURNING last_entry_id`,
    [stream, position ?? null, clock!.now],
  );
  const remembered = relay!.last_entry_id;
  await redis.xtrim(stream, 'MINID', '~', compareIds(remembered, floor) < 0 ? remembered : floor);
}

/** The first id that may still be needed; undefined when a group is missing or there is no stream. */
async function lowestUnacknowledged(
  redis: Redis,
  stream: string,
  groups: Group[],
): Promise<string | undefined> {
  const infos = await groupInfos(redis, stream);
  let lowest: string | undefined;
  for (const group of groups) {
    const info = infos.get(group);
    if (!info) return undefined;
    const [count, firstPending] = (await redis.xpending(stream, group)) as [number, string | null];
    const needed = count > 0 && firstPending ? firstPending : after(fieldOf(info, 'last-delivered-id')!);
    if (!lowest || compareIds(needed, lowest) < 0) lowest = needed;
  }
  return lowest;
}

function after(id: string): string {
  const [ms, seq] = id.split('-');
  return `${ms}-${Number(seq) + 1}`;
}
