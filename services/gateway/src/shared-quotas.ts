import type { Logger } from '@orderflow/service-kit/logger';
import { openRedis } from '@orderflow/service-kit/redis';
import type { Redis } from 'ioredis';
import { createBreaker } from './breaker.ts';
import { type Quota, TAKE } from './token-bucket.ts';

/** No request waits longer for Redis. */
const PATIENCE_MS = 50;

/** A connection that is asked and says nothing for this long is replaced. */
const SILENCE_MS = 2_000;

export type Bucket = { key: string; quota: Quota };
export type Shared = { waitMs: number; left: { remaining: number; fullInMs: number }[] };

/** A client that would rather fail than wait: counting requests is not worth delaying them. */
export function openQuotaRedis(url: string, { patienceMs = PATIENCE_MS } = {}): Redis {
  const redis = openRedis(url, {
    connectionName: 'gateway-quotas',
    commandTimeout: patienceMs,
    socketTimeout: SILENCE_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  // Each failed command is heard of where it was sent.
  redis.on('error', () => {});
  return redis;
}

type Options = { redis: Redis; prefix: string; log: Logger };

/**
 * Quotas that all replicas take from together. Gives undefined when Redis does not answer in time; after three such
 * times it is not asked for a second, so that a Redis that hangs costs nobody anything.
 */
export function createSharedQuotas({ redis, prefix, log }: Options) {
  const breaker = createBreaker({
    failures: 3,
    openMs: 1_000,
    onChange(state) {
      if (state === 'open')
        log.warn('Redis does not count requests: none is refused but attempts to log in and cards');
      if (state === 'closed') log.info('Redis counts requests again');
    },
  });

  async function take(buckets: Bucket[]): Promise<Shared | undefined> {
    const pass = breaker.pass();
    if (!pass) return undefined;
    try {
      const [waitMs = 0, ...numbers] = await run(buckets);
      pass.succeeded();
      return {
        waitMs,
        left: buckets.map((_, i) => ({ remaining: numbers[2 * i]!, fullInMs: numbers[2 * i + 1]! })),
      };
    } catch (error) {
      log.debug({ error }, 'Redis did not count a request');
      pass.failed();
      return undefined;
    }
  }

  const run = (buckets: Bucket[]): Promise<number[]> =>
    redis.takeFromBuckets(
      buckets.length,
      ...buckets.map(({ key }) => prefix + key),
      ...buckets.flatMap(({ quota }) => [quota.limit, quota.windowMs]),
    );

  redis.defineCommand('takeFromBuckets', { lua: TAKE });
  return { take };
}

declare module 'ioredis' {
  interface Redis {
    takeFromBuckets(numberOfKeys: number, ...keysAndNumbers: (string | number)[]): Promise<number[]>;
  }
}
