import { UnreadableEvent } from '@orderflow/contracts/events';
import type { Database } from '@orderflow/service-kit/database';
import { databaseAnswer } from '@orderflow/service-kit/database-errors';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { equalJitter, fullJitter } from './backoff.ts';
import { beating } from './beating.ts';
import { bury, type Custody } from './dead-letters.ts';
import { type Attempt, deadlinessOf, noteSurvival } from './deaths.ts';
import type { Subscriber } from './handlers.ts';
import { handleOnce } from './inbox.ts';
import { keepable } from './keepable-text.ts';
import type { ConsumerMetrics } from './metrics.ts';
import type { PassingOver } from './passed-over.ts';
import { readFor, typeOf } from './read-for.ts';
import { producerOf } from './stream.ts';
import { createWaker } from './waker.ts';

/** Attempts that ended with an error before an event is given up on. */
export const MAX_FAILURES = 12;
/**
 * Waits between attempts: from half of a cap to all of it, where the cap is 400 ms and doubles. The eleven waits add up
 * to 10.2 minutes in the mean, to 6.8 at least and to 13.6 at most.
 */
export const RETRY_BACKOFF = { baseMs: 200, capMs: 600_000 };

const TAKE_CUSTODY = `
  INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body, ended, begun, last_error, next_attempt_at)
  SELECT $1, key, stream, entry_id, body, $6, $6, $7, now() + $8 * interval '1 millisecond'
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS taken(key, stream, entry_id, body)
  ON CONFLICT DO NOTHING`;

/**
 * Takes events over from Redis: once this has committed they may be acknowledged there.
 * `failed` counts an attempt that ended with that error; without it they are due at once.
 */
export async function takeCustody(db: Database, events: Custody[], failed?: Error): Promise<void> {
  if (events.length === 0) return;
  await db.transaction(async (tx) => {
    await tx.query(TAKE_CUSTODY, [
      events[0]!.group,
      events.map((event) => event.key),
      events.map((event) => event.stream),
      events.map((event) => event.entryId),
      events.map((event) => event.body),
      failed ? 1 : 0,
      failed ? keepable(failed.message) : null,
      failed ? equalJitter(1, RETRY_BACKOFF) : 0,
    ]);
    tx.wakeAfterCommit('retry');
  });
}

type RetryRow = Custody & Attempt;

// One at a time: were several begun at once, those behind an event that kills the process would look guilty too.
// Materialized, or a plan may look for the next one once for each row, and begin them all.
// Each death doubles the pause, so that what kills from outside has to go on, and to hit again and again.
// No pause is longer than the cap of the back-off: what waits for longer was put off while the clock was ahead.
const BEGIN_NEXT = `
  WITH too_late AS (
    UPDATE messaging.retry SET next_attempt_at = now()
    WHERE consumer_group = $1 AND next_attempt_at > now() + interval '15 minutes'),
  next AS MATERIALIZED (
    SELECT consumer_group, key FROM messaging.retry
    WHERE consumer_group = $1 AND next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
  UPDATE messaging.retry SET begun = begun + 1,
    next_attempt_at = now() + $2 * 2 ^ least(begun - ended, 3) * interval '1 millisecond'
  FROM next WHERE retry.consumer_group = next.consumer_group AND retry.key = next.key
  RETURNING retry.consumer_group AS group, retry.key, stream, entry_id AS "entryId", body, begun, ended, forgiven`;

/** Counts an attempt at the event that has waited longest as begun; for at least so long nobody begins another. */
export const beginNext = (db: Pick<Database, 'query'>, group: string, forMs: number) =>
  db.query<RetryRow>(BEGIN_NEXT, [group, forMs]);

const TAKE_BACK = `
  UPDATE messaging.retry SET begun = begun - 1, forgiven = least(forgiven, begun - 1 - ended), next_attempt_at = now()
  WHERE consumer_group = $1 AND key = ANY($2::text[])`;

// The longer it has waited the longer it waits, so that one that never comes through does not take the time of others.
const SET_ASIDE = `
  UPDATE messaging.retry SET begun = begun - 1, forgiven = begun - 1 - ended, last_error = $3,
    next_attempt_at = now() + least(interval '30 seconds', greatest(interval '1 second', (now() - created_at) / 4))
  WHERE consumer_group = $1 AND key = $2`;

const LEAVE = `
  UPDATE messaging.retry SET begun = begun - 1, next_attempt_at = now() + interval '300 milliseconds'
  WHERE consumer_group = $1 AND key = $2`;

const DELETE = 'DELETE FROM messaging.retry WHERE consumer_group = $1 AND key = $2';

type RetryOptions = {
  db: Database;
  group: string;
  handlers: Subscriber;
  passingOver: PassingOver;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: ConsumerMetrics;
  handlerTimeoutMs: number;
  backoff?: { baseMs: number; capMs: number };
};

/**
 * Tries the events in custody again, one by one. Each attempt is counted as begun before it starts and as ended
 * after it failed: one that kills its process is told by the difference, and given up on sooner.
 */
export function startRetries({
  group,
  handlers,
  passingOver,
  scope,
  metrics,
  handlerTimeoutMs,
  backoff = RETRY_BACKOFF,
  ...options
}: RetryOptions) {
  const log = scope.log.child({ part: 'retries' });
  const loop = scope.health.watchLoop('retries', 60_000);
  const db = beating(options.db, loop.beat);
  const waker = createWaker();
  const stopListening = db.onSignal('retry', waker.wake);
  /** Begun, and then broken off by Postgres itself: to be taken back when it answers again. */
  const brokenOff = new Set<string>();
  let stopping = false;

  async function tryNext(): Promise<boolean> {
    await takeBackBrokenOff();
    const [row] = await beginNext(db, group, handlerTimeoutMs * 1.5);
    if (!row) return false;
    const deadliness = deadlinessOf(row);
    if (deadliness) {
      await giveUp(row, 'killed_consumer', deadliness);
      return true;
    }
    const over = noteSurvival(db, row);
    try {
      const event = readFor(handlers, row.body, row.begun);
      if (event) await handleOnce({ db, group, handlers }, [event], (tx) => done(tx, row));
      else if (await isForAnotherVersion(row)) {
        await leave(row);
        return true;
      } else await done(db, row);
      metrics.handled.inc({ type: event?.type ?? 'unknown', outcome: 'handled' });
      log.info({ event: row.key, attempt: row.begun }, 'event handled at another attempt');
    } catch (error) {
      await recordFailure(row, error as Error).catch((failure) => {
        if (databaseAnswer(failure) !== 'fail') brokenOff.add(row.key);
        throw failure;
      });
    } finally {
      over();
    }
    return true;
  }

  /** In a rollout a newer version of the group may have taken it into custody, for a type that this one does not list. */
  const isForAnotherVersion = (row: RetryRow): Promise<boolean> =>
    passingOver.isWanted({ producer: producerOf(row.stream), type: typeOf(row.body) });

  /** Takes the attempt back, and lets another replica have the next one. */
  async function leave(row: RetryRow): Promise<void> {
    await db.query(LEAVE, [group, row.key]);
  }

  /** Nobody's fault but the database's: such an attempt counts neither as a failure nor as a death. */
  async function takeBackBrokenOff(): Promise<void> {
    if (brokenOff.size === 0) return;
    await db.query(TAKE_BACK, [group, [...brokenOff]]);
    brokenOff.clear();
  }

  async function done(tx: Pick<Database, 'query'>, row: RetryRow): Promise<void> {
    await tx.query(DELETE, [group, row.key]);
  }

  async function recordFailure(row: RetryRow, error: Error): Promise<void> {
    const answer = databaseAnswer(error);
    if (answer === 'wait') throw error;
    if (answer !== 'fail') return setAside(row, error);
    if (error instanceof UnreadableEvent) return giveUp(row, 'unreadable', error.message);
    const ended = row.ended + 1;
    if (ended >= MAX_FAILURES) return giveUp(row, 'failed', error.stack ?? error.message);
    const waitMs = equalJitter(ended, backoff);
    log.warn({ event: row.key, attempt: row.begun, waitMs, error: error.message }, 'event failed again');
    await db.query(
      `UPDATE messaging.retry SET ended = $3, forgiven = begun - $3, last_error = $4,
         next_attempt_at = now() + $5 * interval '1 millisecond'
       WHERE consumer_group = $1 AND key = $2`,
      [group, row.key, ended, keepable(error.message), waitMs],
    );
  }

  /** The server could not finish it: such an attempt counts neither as a failure nor as a death. */
  async function setAside(row: RetryRow, error: Error): Promise<void> {
    log.warn({ event: row.key, error: error.message }, 'Postgres could not do it; the event waits');
    await db.query(SET_ASIDE, [group, row.key, keepable(error.message)]);
  }

  async function giveUp(row: RetryRow, reason: 'failed' | 'killed_consumer' | 'unreadable', error: string) {
    const buried = await db.transaction(async (tx) => {
      const buried = await bury(tx, row, { reason, error, attempts: row.begun });
      await done(tx, row);
      return buried;
    });
    if (!buried)
      return log.info({ event: row.key }, 'event passed over: it was given up on or handled before');
    metrics.handled.inc({ type: 'unknown', outcome: 'dead' });
    log.error(
      { event: row.key, reason, error },
      'event given up on: see the dead letters, redrive it when the cause is gone',
    );
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      loop.beat();
      const found = await tryNext().then(
        (found) => {
          failures = 0;
          return found;
        },
        (error) => {
          failures += 1;
          log.warn({ error: error.message }, 'cannot try events again now');
          return false;
        },
      );
      if (!found && !stopping)
        await waker.wait(failures ? fullJitter(failures, { baseMs: 100, capMs: 2_000 }) : 250);
    }
  }

  const running = run();
  return {
    async stop(): Promise<void> {
      stopping = true;
      stopListening();
      waker.wake();
      await running;
      loop.done();
    },
  };
}
