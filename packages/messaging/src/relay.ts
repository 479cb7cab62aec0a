import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@orderflow/contracts/events';
import type { Database } from '@orderflow/service-kit/database';
import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { createPace } from '@orderflow/service-kit/pace';
import type { Redis } from 'ioredis';
import { unpublished } from './backlog.ts';
import { fullJitter } from './backoff.ts';
import { beating } from './beating.ts';
import { crashPoint } from './crash-points.ts';
import { announceCuts, groupsToKeepFor } from './cut-loose.ts';
import { createHoldBack } from './hold-back.ts';
import { createRelayMetrics } from './metrics.ts';
import { onAppended } from './outbox.ts';
import { replayOutbox, trimAndRecordSafePoint } from './relay-upkeep.ts';
import { appendToStream, type Publication, streamKey } from './stream.ts';
import { createWaker } from './waker.ts';

type RelayOptions = {
  service: ServiceName;
  db: Database;
  redis: Redis;
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  /** Names this replica in the lease. */
  instance: string;
  prefix?: string;
  batchSize?: number;
  leaseMs?: number;
  /** The least time from the start of a round to the next, see `createPace`; a full one is followed at once. */
  lingerMs?: number;
  upkeepMs?: number;
};

type Pause = { ms: number; wakeable: boolean };

/** How often a replica without the lease asks for it, and the holder for what others have committed. */
const LOOK_EVERY_MS = 200;

/** See `createPace`. What is published together is handled together: here the batches of all who listen are made. */
const REST_FACTOR = 2;

const ENTER = 'INSERT INTO messaging.relay (stream) VALUES ($1) ON CONFLICT DO NOTHING';

// No lease is given for longer than `leaseMs`: one that ends later was taken while Postgres's clock was ahead.
const TAKE_LEASE = `
  UPDATE messaging.relay SET holder = $2, lease_until = now() + $3 * interval '1 millisecond'
  WHERE stream = $1
    AND (holder = $2 OR lease_until < now() OR lease_until > now() + 2 * $3 * interval '1 millisecond')
  RETURNING last_entry_id`;

// What is unpublished, never what comes after a cursor: positions commit out of order.
const UNPUBLISHED = `
  SELECT position, type, envelope::text AS body FROM messaging.outbox
  WHERE published_at IS NULL ORDER BY position LIMIT $1`;

// One trip for both, and no wait for the disk: marks that a crash of Postgres takes back only publish again what
// consumers know by its id. Without the lease nothing is marked: its holder may have to publish all of it anew.
// The positions come lowest first. One that committed late may lie below the safe point, which must not be above it.
const MARK_AND_READ = `
  WITH lease AS (
    UPDATE messaging.relay SET last_entry_id = $3, lease_until = now() + $4 * interval '1 millisecond',
      safe_position = least(safe_position, ($5::bigint[])[1]), next_position = least(next_position, ($5::bigint[])[1])
    WHERE stream = $1 AND holder = $2 AND set_config('synchronous_commit', 'off', true) = 'off' RETURNING stream),
  marked AS (UPDATE messaging.outbox SET published_at = now() FROM lease WHERE position = ANY($5::bigint[]))
  SELECT position, type, envelope::text AS body, EXISTS (SELECT FROM lease) AS held FROM messaging.outbox
  WHERE published_at IS NULL AND position NOT IN (SELECT unnest($5::bigint[])) ORDER BY position LIMIT $6`;

/**
 * Publishes the outbox of a service to its stream, at least once and per subject in order.
 * Of all replicas one works at a time, the holder of a lease; another takes over when it stops renewing.
 * Two at once (a holder that was frozen) do no harm: consumers know every event by its id.
 */
export function startRelay(options: RelayOptions) {
  const {
    service,
    redis,
    scope,
    instance,
    prefix,
    batchSize = 500,
    leaseMs = 5_000,
    lingerMs = 28,
    upkeepMs = 5_000,
  } = options;
  const stream = streamKey(service, prefix);
  const log = scope.log.child({ part: 'relay' });
  const metrics = createRelayMetrics(scope.metrics);
  const loop = scope.health.watchLoop('relay', 60_000);
  const db = beating(options.db, loop.beat);
  const restAfter = createPace({ lingerMs, factor: REST_FACTOR });
  const waker = createWaker();
  const holdBack = createHoldBack({ redis, stream, metrics, log });
  const stopListening = onAppended(db, waker.wake);
  let stopping = false;
  let entered = false;
  let failures = 0;
  let lease = { until: 0, lastEntryId: '0-0' };
  /** The positions that are in the stream, and are to be marked as published with the next look for more. */
  let toMark: number[] = [];
  let upkeepAt = 0;

  async function enter(): Promise<void> {
    if (entered) return;
    await db.query(ENTER, [stream]);
    entered = true;
  }

  async function holdLease(): Promise<boolean> {
    // Renewed at half its time, by a clock of this process that nobody sets; Postgres decides.
    if (performance.now() < lease.until - leaseMs / 2) return true;
    // Another may have held it meanwhile: what is not marked by now is published again.
    toMark = [];
    const [row] = await db.query<{ last_entry_id: string }>(TAKE_LEASE, [stream, instance, leaseMs]);
    if (row && lease.until === 0) log.info('this replica publishes the outbox');
    lease = row
      ? { until: performance.now() + leaseMs, lastEntryId: row.last_entry_id }
      : { until: 0, lastEntryId: '0-0' };
    metrics.leader.set(row ? 1 : 0);
    if (!row) holdBack.forget();
    return row !== undefined;
  }

  /** The stream ends at `lastId`, without what this relay knows to be in it. */
  async function replay(lastId: string): Promise<void> {
    toMark = [];
    const again = await replayOutbox({ db, stream, instance, lastEntryId: lastId, leaseMs });
    const found = { known: lease.lastEntryId, found: lastId, again };
    if (again === undefined) {
      log.warn(found, 'the stream has lost entries; left to the replica that holds the lease');
      lease.until = 0;
      return;
    }
    metrics.replays.inc();
    log.warn(found, 'the stream has lost entries; publishing again');
    lease.lastEntryId = lastId;
    waker.wake();
  }

  async function publish(rows: Publication[]): Promise<void> {
    if (rows.length > 0) crashPoint('relay.before-publish');
    const { lost, lastId } = await appendToStream(redis, stream, lease.lastEntryId, rows);
    if (lost) return replay(lastId);
    lease.lastEntryId = lastId;
    if (rows.length === 0) return;
    crashPoint('relay.after-publish');
    holdBack.published();
    toMark = rows.map((row) => row.position);
    metrics.published.inc(rows.length);
  }

  /** Marks what was published last, and gives what is not published. Without the lease it gives nothing. */
  async function markAndRead(): Promise<Publication[]> {
    if (toMark.length === 0) return db.query<Publication>(UNPUBLISHED, [batchSize]);
    const { lastEntryId } = lease;
    const rows = await db.query<Publication & { held: boolean }>(MARK_AND_READ, [
      stream,
      instance,
      lastEntryId,
      leaseMs,
      toMark,
      batchSize,
    ]);
    toMark = [];
    // Without a row there is no word of the lease: it is renewed by its own statement then.
    if (rows[0]) lease.until = rows[0].held ? performance.now() + leaseMs : 0;
    return lease.until === 0 ? [] : rows;
  }

  async function keepUp(): Promise<void> {
    // While publishing is held back, upkeep is what makes room.
    if (performance.now() < upkeepAt && !holdBack.held) return;
    upkeepAt = performance.now() + upkeepMs;
    await publish([]); // an idle stream can be lost too
    const groups = await groupsToKeepFor({ db, redis, service, stream, metrics, log });
    await trimAndRecordSafePoint({ db, redis, groups, stream, instance, lastEntryId: lease.lastEntryId });
    await announceCuts({ db, redis, stream });
    const { count, oldest } = await unpublished(db);
    metrics.outboxRows.set(count);
    metrics.outboxAge.set(oldest ? Math.max(0, Date.now() - oldest.getTime()) / 1000 : 0);
  }

  /** One round; gives how long to pause after it, and whether a commit ends the pause. */
  async function round(): Promise<Pause> {
    await enter();
    if (!(await holdLease())) return { ms: LOOK_EVERY_MS, wakeable: true };
    await keepUp();
    const begunAt = performance.now();
    const rows = await markAndRead();
    if (rows.length > 0 && !(await holdBack.mayPublish())) return { ms: holdBack.pauseMs(), wakeable: false };
    if (rows.length > 0) await publish(rows);
    if (rows.length === batchSize) return { ms: 0, wakeable: true };
    // Commits of this process wake the relay; those of other replicas are found by looking.
    if (rows.length === 0) return { ms: LOOK_EVERY_MS, wakeable: true };
    return { ms: restAfter(performance.now() - begunAt), wakeable: false };
  }

  async function run(): Promise<void> {
    while (!stopping) {
      loop.beat();
      const pause = await round().then(
        (pause) => {
          failures = 0;
          return pause;
        },
        (error) => {
          if (holdBack.refused(error)) return { ms: holdBack.pauseMs(), wakeable: false };
          failures += 1;
          const reason = databaseAnswer(error) !== 'fail' ? 'Postgres' : 'Redis or Postgres';
          log.warn({ error: (error as Error).message, failures }, `publishing failed; waiting for ${reason}`);
          return { ms: fullJitter(failures, { baseMs: 50, capMs: 1_000 }), wakeable: true };
        },
      );
      if (pause.ms === 0 || stopping) continue;
      await (pause.wakeable ? waker.wait(pause.ms) : sleep(pause.ms));
    }
  }

  async function publishTheRest(): Promise<void> {
    do await round();
    while (toMark.length > 0);
    await db.query("UPDATE messaging.relay SET lease_until = '-infinity' WHERE stream = $1 AND holder = $2", [
      stream,
      instance,
    ]);
  }

  const running = run();
  return {
    /** Publishes what is committed, gives the lease back and ends. What it cannot publish stays in the outbox. */
    async stop(): Promise<void> {
      stopping = true;
      stopListening();
      waker.wake();
      await running;
      await publishTheRest().catch((error) => log.warn({ error: error.message }, 'left to the next relay'));
      loop.done();
    },
  };
}
