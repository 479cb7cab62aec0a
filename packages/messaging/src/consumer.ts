import { setTimeout as sleep } from 'node:timers/promises';
import type { EventType } from '@orderflow/contracts/events';
import { type Group, streamsOf } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { createPace } from '@orderflow/service-kit/pace';
import { createBlockingClient } from '@orderflow/service-kit/redis';
import type { Redis } from 'ioredis';
import { fullJitter } from './backoff.ts';
import { beating } from './beating.ts';
import { startCatchUp } from './catch-up.ts';
import { watchGroup } from './consumer-upkeep.ts';
import { ensureGroup } from './ensure-groups.ts';
import { createEntryHandling } from './entry-handling.ts';
import type { Handlers, Subscriber } from './handlers.ts';
import { createConsumerMetrics } from './metrics.ts';
import { createPassingOver } from './passed-over.ts';
import { startRetries } from './retries.ts';
import { streamKey, toEntries } from './stream.ts';

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
  /** The least time from the start of a batch to the next, see `createPace`; a full one is followed at once. */
  lingerMs?: number;
  /** How long failed events wait: equal jitter below a cap that doubles up to `capMs`. */
  retryBackoff?: { baseMs: number; capMs: number };
  /** See `createPassingOver`. */
  wantsKnownMs?: number;
};

/** For each millisecond that batches take too long, see `createPace`. */
const REST_FACTOR = 1;

type ReadReply = [stream: string, entries: [string, string[] | null][]][] | null;

/**
 * Reads the streams that the group subscribes to and handles each event once, in batches of one transaction.
 * An event is acknowledged only after its effect, its retry or its dead letter has committed in Postgres.
 */
export function startConsumer(options: ConsumerOptions) {
  const { group, handlers, redis, redisUrl, scope, instance, prefix } = options;
  const { batchSize = 100, blockMs = 2_000, handlerTimeoutMs = 10_000, lingerMs = 0, retryBackoff } = options;
  const { wantsKnownMs } = options;
  const streams = streamsOf(group).map((service) => streamKey(service, prefix));
  const log = scope.log.child({ part: 'consumer' });
  const metrics = createConsumerMetrics(scope.metrics);
  const loop = scope.health.watchLoop('consumer', 60_000);
  const db = beating(options.db, loop.beat);
  // Above three handler time-outs, so that only what a dead consumer left is claimed.
  const minIdleMs = handlerTimeoutMs * 3.5;
  const passingOver = createPassingOver({ db, group, knownMs: wantsKnownMs });
  const retries = startRetries({
    db: options.db,
    group,
    handlers,
    passingOver,
    scope,
    metrics,
    handlerTimeoutMs,
    backoff: retryBackoff,
  });
  const restAfter = createPace({ lingerMs, factor: REST_FACTOR });
  const watching = watchGroup({ redis, db: options.db, streams, group, instance, metrics, log });
  let blocking: Redis | undefined;
  let stopping = false;

  const { handle, handleAll, takeOver } = createEntryHandling({
    group,
    handlers,
    db,
    redis,
    metrics,
    log,
    passingOver,
    beat: loop.beat,
    isStopping: () => stopping,
  });
  const catchUp = startCatchUp({
    ...{ group, handlers, db, redis, scope, metrics, streams },
    handle: handleAll,
    knownMs: wantsKnownMs,
  });

  async function takeOverOwn(streams: string[]): Promise<void> {
    for (const stream of streams) {
      for (;;) {
        loop.beat();
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

  async function takeOverFromTheDead(streams: string[]): Promise<void> {
    for (const stream of streams) {
      let cursor = '0-0';
      do {
        loop.beat();
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
    let ready = await ensureGroup(redis, streams, group);
    if (ready.length === 0) throw new Error('Redis is full, and the group does not exist yet');
    await takeOverOwn(ready);
    let claimAt = performance.now() + minIdleMs;
    while (!stopping) {
      loop.beat();
      if (ready.length < streams.length) ready = await ensureGroup(redis, streams, group);
      if (performance.now() >= claimAt) {
        await takeOverFromTheDead(ready);
        claimAt = performance.now() + minIdleMs / 2;
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
        ...ready,
        ...ready.map(() => '>'),
      )) as ReadReply;
      const entries = (reply ?? []).flatMap(([stream, raw]) => toEntries(stream, raw));
      if (entries.length === 0) continue;
      const begunAt = performance.now();
      await handle(entries);
      const rest = restAfter(performance.now() - begunAt);
      if (rest > 0 && entries.length < batchSize) await sleep(rest);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      loop.beat();
      const startedAt = performance.now();
      blocking = createBlockingClient({ url: redisUrl, name: `${group}-${instance}`, log, blockMs });
      try {
        await session(blocking);
      } catch (error) {
        if (stopping) break;
        failures = performance.now() - startedAt > 5_000 ? 1 : failures + 1;
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
    isCaughtUp: catchUp.isCaughtUp,
    /** Stops reading, finishes and acknowledges what is in hand. */
    async stop(): Promise<void> {
      stopping = true;
      blocking?.disconnect(); // ends a read that waits; what it was about to get stays pending
      await running;
      await catchUp.stop();
      await retries.stop();
      watching.stop();
      loop.done();
    },
  };
}

/** The types a service's table handles, to be held against `subscriptions`. */
export const handledTypes = (handlers: Handlers): EventType[] => Object.keys(handlers) as EventType[];
