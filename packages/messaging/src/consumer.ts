import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@orderflow/contracts/envelope';
import { type EventType, isEventType, UnreadableEvent } from '@orderflow/contracts/events';
import { type Group, streamsOf } from '@orderflow/contracts/groups';
import { type Database, isDatabaseUnavailable } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { createBlockingClient } from '@orderflow/service-kit/redis';
import type { Redis } from 'ioredis';
import { fullJitter } from './backoff.ts';
import { watchGroup } from './consumer-upkeep.ts';
import { crashPoint } from './crash-points.ts';
import { bury, type Custody } from './dead-letters.ts';
import { type Handlers, type Subscriber, wants } from './handlers.ts';
import { handleOnce } from './inbox.ts';
import { createConsumerMetrics } from './metrics.ts';
import { readFor } from './read-for.ts';
import { startRetries, takeCustody } from './retries.ts';
import { type Entry, ensureGroups, streamKey, toEntries } from './stream.ts';

export type ConsumerOptions = {
  group: Group;
  handlers: Subscriber;
  db: Database;
  /** For commands that answer at once; the consumer opens its own client for blocking reads. */
  redis: Redis;
  redisUrl: string;
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  /** The consumer's name in the group. Stable over restarts, so that it finds what it left pending. */
  instance: string;
  prefix?: string;
  batchSize?: number;
  blockMs?: number;
  handlerTimeoutMs?: number;
  /** How long failed events wait: full jitter below a cap that doubles up to `capMs`. */
  retryBackoff?: { baseMs: number; capMs: number };
};

type ReadReply = [stream: string, entries: [string, string[] | null][]][] | null;

/**
 * Reads the streams that the group subscribes to and handles each event once, in batches of one transaction.
 * An event is acknowledged only after its effect, its retry or its dead letter has committed in Postgres.
 */
export function startConsumer(options: ConsumerOptions) {
  const { group, handlers, db, redis, redisUrl, scope, instance, prefix } = options;
  const { batchSize = 100, blockMs = 2_000, handlerTimeoutMs = 10_000, retryBackoff } = options;
  const streams = streamsOf(group).map((service) => streamKey(service, prefix));
  const log = scope.log.child({ part: 'consumer' });
  const metrics = createConsumerMetrics(scope.metrics);
  const loop = scope.health.watchLoop('consumer', 60_000);
  // Above three handler time-outs, so that only what a dead consumer left is claimed.
  const minIdleMs = handlerTimeoutMs * 3.5;
  const retries = startRetries({
    db,
    group,
    handlers,
    scope,
    metrics,
    handlerTimeoutMs,
    backoff: retryBackoff,
  });
  const watching = watchGroup({ redis, db, streams, group, instance, metrics, log });
  let blocking: Redis | undefined;
  let stopping = false;

  /** Waits out a dead Postgres: what was read stays in hand and no attempt is counted. */
  async function untilDatabaseAnswers<T>(work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!isDatabaseUnavailable(error) || stopping) throw error;
        loop.beat();
        log.warn({ error: (error as Error).message }, 'Postgres does not answer; the events wait');
        await sleep(fullJitter(failures, { baseMs: 50, capMs: 2_000 }));
      }
    }
  }

  const custodyOf = (entry: Entry, event?: Envelope): Custody => ({
    group,
    key: event?.id ?? `${entry.stream}/${entry.id}`,
    stream: entry.stream,
    entryId: entry.id,
    body: entry.body,
  });

  /** The event of an entry; an unreadable one is buried, and one the group does not list is passed over. */
  async function open(entry: Entry): Promise<Envelope | undefined> {
    try {
      const passedOver = entry.type !== undefined && !wants(handlers, entry.type);
      const event = passedOver ? undefined : readFor(handlers, entry.body, 1);
      if (!event) metrics.handled.inc({ type: 'other', outcome: 'ignored' });
      return event;
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      log.error(
        { entry: entry.id, stream: entry.stream, error: error.message },
        'unreadable event: see the dead letters',
      );
      const custody = custodyOf(entry);
      await untilDatabaseAnswers(() =>
        bury(db, custody, { reason: 'unreadable', error: error.message, attempts: 1 }),
      );
      metrics.handled.inc({ type: 'unknown', outcome: 'dead' });
      return undefined;
    }
  }

  async function handle(entries: Entry[]): Promise<void> {
    const opened: { entry: Entry; event: Envelope }[] = [];
    for (const entry of entries) {
      const event = await open(entry);
      if (event) opened.push({ entry, event });
    }
    if (opened.length > 0) await handleBatch(opened);
    await acknowledge(entries);
  }

  async function handleBatch(opened: { entry: Entry; event: Envelope }[]): Promise<void> {
    const end = metrics.batchDuration.startTimer();
    const events = opened.map(({ event }) => event);
    try {
      const fresh = await untilDatabaseAnswers(() => handleOnce({ db, group, handlers }, events));
      crashPoint('consumer.after-commit');
      countHandled(events, fresh);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error; // stopping: the entries stay pending
      await oneByOne(opened, error as Error);
    }
    end();
  }

  /** A batch failed: each event alone, so that a bad one holds up only itself. */
  async function oneByOne(opened: { entry: Entry; event: Envelope }[], error: Error): Promise<void> {
    log.warn(
      { error: error.message, events: opened.length },
      'a batch failed; its events are handled one by one',
    );
    for (const { entry, event } of opened) {
      try {
        const fresh = await untilDatabaseAnswers(() => handleOnce({ db, group, handlers }, [event]));
        countHandled([event], fresh);
      } catch (failure) {
        if (isDatabaseUnavailable(failure)) throw failure;
        log.warn(
          { event: event.id, type: event.type, error: (failure as Error).message },
          'event failed; it is tried again',
        );
        await untilDatabaseAnswers(() => takeCustody(db, [custodyOf(entry, event)], failure as Error));
        metrics.handled.inc({ type: typeLabel(event), outcome: 'retried' });
      }
    }
  }

  function countHandled(events: Envelope[], fresh: number): void {
    const now = Date.now();
    const duplicates = events.length - fresh;
    for (const event of events) {
      metrics.handled.inc({ type: typeLabel(event), outcome: 'handled' });
      metrics.delay.observe({ type: typeLabel(event) }, (now - Date.parse(event.time)) / 1000);
    }
    if (duplicates === 0) return;
    metrics.duplicates.inc(duplicates);
    log.debug({ duplicates }, 'events that were handled before are passed over');
  }

  async function acknowledge(entries: Entry[]): Promise<void> {
    const byStream = Map.groupBy(entries, (entry) => entry.stream);
    await Promise.all(
      [...byStream].map(([stream, list]) => redis.xack(stream, group, ...list.map(({ id }) => id))),
    );
  }

  /**
   * Entries that were delivered before and not acknowledged: their consumer died, or its acknowledgement was
   * lost. One of them may be what killed it, so Postgres takes them over and they are handled one by one.
   */
  async function takeOver(entries: Entry[]): Promise<void> {
    if (entries.length === 0) return;
    log.info({ entries: entries.length }, 'taking over entries that were delivered but not acknowledged');
    const custody: Custody[] = [];
    for (const entry of entries.filter(({ body }) => body !== '')) {
      const event = await open(entry);
      if (event) custody.push(custodyOf(entry, event));
    }
    await untilDatabaseAnswers(() => takeCustody(db, custody));
    await acknowledge(entries);
  }

  async function takeOverOwn(): Promise<void> {
    for (const stream of streams) {
      for (;;) {
        const reply = (await redis.xreadgroup(
          'GROUP',
          group,
          instance,
          'COUNT',
          1000,
          'STREAMS',
          stream,
          '0',
        )) as ReadReply;
        const raw = reply?.[0]?.[1] ?? [];
        if (raw.length === 0) break;
        await takeOver(toEntries(stream, raw));
      }
    }
  }

  async function takeOverFromTheDead(): Promise<void> {
    for (const stream of streams) {
      let cursor = '0-0';
      do {
        const reply = (await redis.xautoclaim(stream, group, instance, minIdleMs, cursor, 'COUNT', 100)) as [
          string,
          [string, string[] | null][],
        ];
        cursor = reply[0];
        await takeOver(toEntries(stream, reply[1]));
      } while (cursor !== '0-0' && !stopping);
    }
  }

  /** Reads with a client of its own until something goes wrong with Redis; then all starts over with a new one. */
  async function session(client: Redis): Promise<void> {
    await ensureGroups(redis, streams, group);
    await takeOverOwn();
    let claimAt = Date.now() + minIdleMs;
    while (!stopping) {
      loop.beat();
      if (Date.now() >= claimAt) {
        await takeOverFromTheDead();
        claimAt = Date.now() + minIdleMs / 2;
      }
      const reply = (await client.xreadgroup(
        'GROUP',
        group,
        instance,
        'COUNT',
        batchSize,
        'BLOCK',
        blockMs,
        'STREAMS',
        ...streams,
        ...streams.map(() => '>'),
      )) as ReadReply;
      const entries = (reply ?? []).flatMap(([stream, raw]) => toEntries(stream, raw));
      if (entries.length > 0) await handle(entries);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      loop.beat();
      const startedAt = Date.now();
      blocking = createBlockingClient({ url: redisUrl, name: `${group}-${instance}`, log, blockMs });
      try {
        await session(blocking);
      } catch (error) {
        if (stopping) break;
        failures = Date.now() - startedAt > 5_000 ? 1 : failures + 1;
        log.warn(
          { error: (error as Error).message },
          'reading was interrupted; starting over with a new connection',
        );
        await sleep(fullJitter(failures, { baseMs: 50, capMs: 1_000 }));
      } finally {
        blocking.disconnect();
      }
    }
  }

  const running = run();
  return {
    /** Stops reading, finishes and acknowledges what is in hand. */
    async stop(): Promise<void> {
      stopping = true;
      blocking?.disconnect(); // ends a read that waits; what it was about to get stays pending
      await running;
      await retries.stop();
      watching.stop();
      loop.done();
    },
  };
}

/** Types that nobody has heard of share one series: their number has no bound. */
const typeLabel = ({ type }: Envelope): string => (isEventType(type) ? type : 'other');

/** The types a service's table handles, to be held against `subscriptions`. */
export const handledTypes = (handlers: Handlers): EventType[] => Object.keys(handlers) as EventType[];
