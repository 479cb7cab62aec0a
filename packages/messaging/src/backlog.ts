import { setTimeout as sleep } from 'node:timers/promises';
import { type Group, streamsOf } from '@orderflow/contracts/groups';
import type { Backlog } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import type { Redis } from 'ioredis';
import { appendedAt, groupLag } from './group-lag.ts';
import { compareIds, streamKey } from './stream.ts';

/** Work that waits: how much, since when, and some of it, the oldest first. */
export type Heap = { count: number; oldest: Date | null; some: string[] };

const SOME = 5;
/** A heap that is larger is counted no further: it is too large. */
const COUNTED = 10_000;

// `waiting` gives the rows in the order of an index, oldest first, so that counting ends at the limit.
// A time that somebody has edited may be one that JSON cannot tell.
const HEAP = (waiting: string) => `
  SELECT count(*) AS count, min(least(greatest(at, '0001-01-02Z'), '9999-12-30Z')) AS oldest, coalesce(array_agg(name ORDER BY n) FILTER (WHERE n <= ${SOME}), '{}') AS some
  FROM (SELECT at, name, row_number() OVER () AS n FROM (${waiting} LIMIT $1) AS waiting) AS numbered`;

const OUTBOX = HEAP(`
  SELECT created_at AS at, event_id::text AS name FROM messaging.outbox WHERE published_at IS NULL ORDER BY position`);

// Their keys are event ids, which grow with time.
const RETRIES = HEAP(`
  SELECT created_at AS at, key AS name FROM messaging.retry WHERE consumer_group = $2 ORDER BY key`);

const DEAD = HEAP(`
  SELECT died_at AS at, key AS name FROM messaging.dead_letter WHERE consumer_group = $2 ORDER BY died_at, id`);

type Queryable = Pick<Database, 'query'>;

async function heap(db: Queryable, text: string, values: unknown[]): Promise<Heap> {
  const [row] = await db.query<Heap>(text, values);
  return row!;
}

/** Outbox rows that are not published; counted up to `limit`, or to the end. */
export const unpublished = (db: Queryable, limit?: number): Promise<Heap> => heap(db, OUTBOX, [limit]);

/** Events of a group that wait for another attempt. */
export const waitingRetries = (db: Queryable, group: string, limit?: number): Promise<Heap> =>
  heap(db, RETRIES, [limit, group]);

/** Events of a group that were given up on, and that nobody has redriven or discarded. */
export const deadLetterHeap = (db: Queryable, group: string, limit?: number): Promise<Heap> =>
  heap(db, DEAD, [limit, group]);

type Where = { redis: Redis; group: Group; prefix?: string };

/** Entries that a group has not acknowledged, delivered or not, in all of its streams. */
export async function unacknowledged({ redis, group, prefix }: Where): Promise<Heap> {
  const streams = streamsOf(group).map((service) => streamKey(service, prefix));
  const found = await Promise.all(streams.map((stream) => unacknowledgedIn({ redis, stream, group })));
  const entries = found.flatMap(({ entries }) => entries).sort((one, other) => compareIds(one.id, other.id));
  return {
    count: found.reduce((sum, { count }) => sum + count, 0),
    oldest: entries[0] ? new Date(appendedAt(entries[0].id)) : null,
    some: entries.slice(0, SOME).map(({ stream, id }) => `${stream}/${id}`),
  };
}

async function unacknowledgedIn({ redis, stream, group }: { redis: Redis; stream: string; group: Group }) {
  const { pending, lastDelivered, lag } = await groupLag(redis, stream, group);
  const delivered = (pending > 0 ? await redis.xpending(stream, group, '-', '+', SOME) : []) as [string][];
  const waiting = lag === 0 ? [] : await redis.xrange(stream, `(${lastDelivered}`, '+', 'COUNT', SOME);
  return {
    // Where Redis cannot tell the number, at least those that were seen.
    count: pending + (lag ?? waiting.length),
    entries: [...delivered, ...waiting].map(([id]) => ({ stream, id })),
  };
}

const toView = ({ oldest, ...heap }: Heap) => ({ ...heap, oldest: oldest?.toISOString() ?? null });

/** What a service has before it. Redis may be away: then it is not known what is pending there. */
export async function readBacklog(db: Database, where: Where): Promise<Backlog> {
  const known = unacknowledged(where).then(toView, () => null);
  const [outbox, retries, deadLetters] = await Promise.all([
    unpublished(db, COUNTED),
    waitingRetries(db, where.group, COUNTED),
    deadLetterHeap(db, where.group, COUNTED),
  ]);
  const pending = await Promise.race([known, sleep(1_000, null, { ref: false })]);
  return { outbox: toView(outbox), pending, retries: toView(retries), deadLetters: toView(deadLetters) };
}
