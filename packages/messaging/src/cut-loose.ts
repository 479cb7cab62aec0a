import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@orderflow/contracts/events';
import { backgroundGroups, type Group, groupsOf } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import { ensureGroups, isOutOfMemory } from './ensure-groups.ts';
import { groupLag } from './group-lag.ts';
import type { RelayMetrics } from './metrics.ts';
import { usedShare } from './redis-memory.ts';
import { compareIds } from './stream.ts';

/** From this share of Redis's `maxmemory` on, background groups that lag are cut loose. */
const CUT_AT_SHARE = 0.6;

/** A Redis without `maxmemory`: from this length of the stream on. An entry takes about 1.2 KB. */
const CUT_AT_ENTRIES = 200_000;

/** A group with fewer unread entries than the others is not worth cutting. */
const LEAST_LAG = 1_000;

/** The hash in Redis that tells groups that they were cut loose, from group to the id of the cut and its position. */
export const cutsKey = (stream: string): string => `${stream}:cut-loose`;

type Options = {
  db: Database;
  redis: Redis;
  service: ServiceName;
  stream: string;
  metrics: RelayMetrics;
  log: Logger;
  leastLag?: number;
};

/**
 * Returns the groups whose unread entries the stream must keep: all of the service's, but those that it now cuts loose.
 * A cut is in Postgres before this returns, so the stream may be trimmed past the group: it reads what it misses from
 * the outbox. Creates groups that are missing, so that one that was never started can be told from one that has read all.
 */
export async function groupsToKeepFor(options: Options): Promise<Group[]> {
  const { redis, service, stream, metrics } = options;
  const groups = groupsOf(service);
  const existing = await ensureGroups(redis, stream, groups);
  const share = await usedShare(redis);
  if (share !== undefined) metrics.memoryShare.set(share);
  const full = share === undefined ? (await redis.xlen(stream)) >= CUT_AT_ENTRIES : share >= CUT_AT_SHARE;
  // Without the room even to create a group, what it has not read must be let go, or nothing ever is.
  const cuttable = groups.filter(
    (group) => !existing.includes(group) || (full && backgroundGroups.includes(group)),
  );
  const kept = groups.filter((group) => !cuttable.includes(group));
  for (const group of cuttable) if (!(await cutLoose(options, group, kept))) kept.push(group);
  return kept;
}

/** Writes down that the entries which `group` has not acknowledged and all of `others` have are going to be trimmed. */
async function cutLoose(options: Options, group: Group, others: Group[]): Promise<boolean> {
  const { db, redis, stream, metrics, log, leastLag = LEAST_LAG } = options;
  const from = await firstUnacknowledged(redis, stream, group);
  const floors = await Promise.all(others.map((other) => firstUnacknowledged(redis, stream, other)));
  const to = floors.reduce<string | undefined>(
    (lowest, id) => (lowest === undefined || compareIds(id, lowest) < 0 ? id : lowest),
    undefined,
  );
  if (to === undefined || compareIds(from, to) >= 0) return false;
  const { entries, position } = await lowestPosition(redis, stream, from, to);
  if (entries < leastLag || position === undefined) return false;
  // A new id for each cut: a group that has heard of an earlier one must hear of this too.
  await db.query(
    `INSERT INTO messaging.cut_loose AS cut (stream, consumer_group, cut_id, from_position) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stream, consumer_group) DO UPDATE SET cut_id = excluded.cut_id, cut_at = now(),
       from_position = least(cut.from_position, excluded.from_position)`,
    [stream, group, randomUUID(), position],
  );
  metrics.cutLoose.inc({ group });
  log.warn(
    { stream, group, entries },
    'Redis fills up: group cut loose, it reads from the outbox when it is back',
  );
  return true;
}

/** Tells groups in Redis that they were cut loose, again and again: Redis may lose it, or be too full to hear it. */
export async function announceCuts({
  db,
  redis,
  stream,
}: Pick<Options, 'db' | 'redis' | 'stream'>): Promise<void> {
  const cuts = await db.query<{ group: string; id: string; position: number }>(
    `SELECT consumer_group AS "group", cut_id AS id, from_position AS position FROM messaging.cut_loose
     WHERE stream = $1`,
    [stream],
  );
  for (const { group, ...cut } of cuts) {
    await redis.hset(cutsKey(stream), group, JSON.stringify(cut)).catch((error) => {
      if (!isOutOfMemory(error)) throw error;
    });
  }
}

async function firstUnacknowledged(redis: Redis, stream: string, group: Group): Promise<string> {
  const { firstPending, lastDelivered } = await groupLag(redis, stream, group);
  if (firstPending) return firstPending;
  const [ms, seq] = lastDelivered.split('-');
  return `${ms}-${Number(seq) + 1}`;
}

// Positions do not follow the ids of entries: they commit out of order. Only numbers leave Redis.
const LOWEST_POSITION = `
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '(' .. ARGV[2], 'COUNT', 500)
local lowest
for _, entry in ipairs(entries) do
  for i = 1, #entry[2], 2 do
    local position = entry[2][i] == 'position' and tonumber(entry[2][i + 1])
    if position and (not lowest or position < lowest) then lowest = position end
  end
end
return {#entries, lowest or false, #entries > 0 and entries[#entries][1] or false}`;

/** Returns how many entries there are from one id to before another, and the lowest position among them. */
async function lowestPosition(redis: Redis, stream: string, from: string, to: string) {
  let entries = 0;
  let position: number | undefined;
  for (let start = from; ; ) {
    const page = (await redis.eval(LOWEST_POSITION, 1, stream, start, to)) as [
      number,
      number | null,
      string | null,
    ];
    const [count, lowest, last] = page;
    if (last === null) return { entries, position };
    entries += count;
    if (lowest !== null) position = Math.min(position ?? lowest, lowest);
    start = `(${last}`;
  }
}
