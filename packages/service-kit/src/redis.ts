import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

type RedisOptions = { url: string; name: string; log: Logger };

/**
 * Reading streams by RESP3, ioredis 6.0.0 lets a quarter of what it allocates outlive the collector's short passes,
 * which then take four times as long; by RESP2 nothing does (measured with XREAD in a loop).
 */
const protocol = 2;

/**
 * A client for commands that answer at once; each ends after 5 s, so that nothing waits for a dead Redis.
 * `autoResendUnfulfilledCommands` stays on: without it ioredis 6.0.0 never settles what was in flight (issue 2193).
 */
export function createCommandClient({ url, name, log }: RedisOptions): Redis {
  return watched(
    new Redis(url, {
      protocol,
      connectionName: name,
      commandTimeout: 5_000,
      maxRetriesPerRequest: 3,
      retryStrategy: (times) => Math.min(50 * 2 ** times, 1_000),
    }),
    log,
  );
}

/**
 * A client for blocking reads only, which would hold up every other command on the connection.
 * It does not queue while disconnected: its loop sees the error, waits and asks again.
 */
export function createBlockingClient({ url, name, log, blockMs }: RedisOptions & { blockMs: number }): Redis {
  return watched(
    new Redis(url, {
      protocol,
      connectionName: `${name}-blocking`,
      commandTimeout: blockMs + 3_000,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * 2 ** times, 1_000),
    }),
    log,
  );
}

function watched(redis: Redis, log: Logger): Redis {
  let down = false;
  redis.on('error', (error) => {
    if (!down) log.warn({ error: error.message }, 'Redis cannot be reached; trying again until it can');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info('Redis is back');
    down = false;
  });
  return redis;
}
