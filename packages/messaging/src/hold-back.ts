import type { Logger } from '@orderflow/service-kit/logger';
import type { Redis } from 'ioredis';
import { fullJitter } from './backoff.ts';
import { isOutOfMemory } from './ensure-groups.ts';
import type { RelayMetrics } from './metrics.ts';
import { usedShare } from './redis-memory.ts';

/** Above this share of `maxmemory` relays publish nothing: the rest is for what drains Redis, and for its other users. */
const HIGH_WATER = 0.85;

/**
 * A relay with fewer entries in its stream publishes above the high-water mark too: they take little memory, and
 * something else fills Redis then. Without this a Redis that others fill to the mark would stop everything for good.
 */
const SHORT_STREAM = 1_000;

/** How long an answer of Redis that there is room holds good. */
const LOOK_EVERY_MS = 1_000;

type Options = { redis: Redis; stream: string; metrics: RelayMetrics; log: Logger; shortStream?: number };

/**
 * Decides whether a relay may publish, by the memory of Redis: events wait in the outbox, where there is room, instead
 * of filling Redis. Each time that there is no room the relay pauses for longer; it goes on by itself.
 */
export function createHoldBack({ redis, stream, metrics, log, shortStream = SHORT_STREAM }: Options) {
  let refusals = 0;
  let roomUntil = 0;

  function hold(why: string): void {
    if (refusals === 0) log.warn({ stream }, `${why}: publishing is held back, events wait in the outbox`);
    refusals += 1;
    roomUntil = 0;
    metrics.heldBack.set(1);
  }

  return {
    get held(): boolean {
      return refusals > 0;
    },
    /** How long to wait before the next attempt, in milliseconds. */
    pauseMs: (): number => 50 + fullJitter(refusals, { baseMs: 50, capMs: 2_000 }),

    async mayPublish(): Promise<boolean> {
      if (performance.now() < roomUntil) return true;
      const share = await usedShare(redis);
      if (share !== undefined) metrics.memoryShare.set(share);
      if (share !== undefined && share >= HIGH_WATER && (await redis.xlen(stream)) > shortStream) {
        hold('Redis is nearly full');
        return false;
      }
      roomUntil = performance.now() + LOOK_EVERY_MS;
      return true;
    },

    /** To be called after each publication that Redis took. */
    published(): void {
      if (refusals === 0) return;
      log.info({ stream }, 'Redis has room again: publishing goes on');
      refusals = 0;
      metrics.heldBack.set(0);
    },

    /** To be called when another replica publishes. */
    forget(): void {
      refusals = 0;
      metrics.heldBack.set(0);
    },

    /** Returns whether Redis refused a publication because it is full. */
    refused(error: unknown): boolean {
      if (!isOutOfMemory(error)) return false;
      hold('Redis is full');
      return true;
    },
  };
}
