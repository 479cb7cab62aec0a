import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';
import { sentinelAddress } from './redis-address.ts';

type ClientOptions = { url: string; name: string; log: Logger };

/**
 * Reading streams by RESP3, ioredis 6.0.0 lets a quarter of what it allocates outlive the collector's short passes,
 * which then take four times as long; by RESP2 nothing does (measured with XREAD in a loop).
 */
const protocol = 2;

/**
 * Replies that mean "not here, or not now": a primary that has become a replica, one that reads its data from disk, a
 * replica without its primary, a primary without its replicas. Nothing was executed.
 */
const ELSEWHERE = /^(READONLY|LOADING|MASTERDOWN|NOREPLICAS)\b/;

/** What each client does when its Redis moves or falls silent. */
const resilience = {
  protocol,
  keepAlive: 10_000,
  connectTimeout: 3_000,
  sentinelCommandTimeout: 3_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, 1_000),
  // The address may lead to the new primary by now. The command fails, and its caller decides when to try again: sent
  // again from here (2), it would go round without a pause, also after its caller has given up.
  reconnectOnError: (error: Error): boolean => ELSEWHERE.test(error.message),
} satisfies RedisOptions;

/** Opens a client that finds the primary again after a failover, by its name or by Sentinels. */
export function openRedis(url: string, options: RedisOptions): Redis {
  const address = sentinelAddress(url);
  return address
    ? new Redis({ ...resilience, ...options, ...address })
    : new Redis(url, { ...resilience, ...options });
}

/**
 * A client for commands that answer at once; each ends after `timeoutMs`, so that nothing waits for a dead Redis. A
 * connection that is asked and says nothing for four fifths of that is destroyed, and what it owes is asked of a new one:
 * so a command may be executed twice, and each of ours may be.
 * `autoResendUnfulfilledCommands` stays on: without it ioredis 6.0.0 never settles what was in flight (issue 2193).
 */
export function createCommandClient({
  url,
  name,
  log,
  timeoutMs = 5_000,
}: ClientOptions & { timeoutMs?: number }): Redis {
  const redis = openRedis(url, {
    connectionName: name,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs * 0.8,
    maxRetriesPerRequest: 3,
  });
  redis.on('ready', () => void refuseCluster(redis, log));
  return watched(redis, log);
}

/**
 * A client for blocking reads only, which would hold up every other command on the connection.
 * It does not queue while disconnected: its loop sees the error, waits and asks again.
 */
export function createBlockingClient({
  url,
  name,
  log,
  blockMs,
}: ClientOptions & { blockMs: number }): Redis {
  return watched(
    openRedis(url, {
      connectionName: `${name}-blocking`,
      commandTimeout: blockMs + 3_000,
      socketTimeout: blockMs + 3_000,
      maxRetriesPerRequest: 0,
    }),
    log,
  );
}

/** Ends the process at a Redis Cluster: our scripts and reads span several streams, which are on several nodes there. */
async function refuseCluster(redis: Redis, log: Logger): Promise<void> {
  const info = await redis.info('server').catch(() => '');
  if (!/^redis_mode:cluster/m.test(info)) return;
  log.fatal(
    'REDIS_URL leads to a Redis Cluster, which is not supported. Use one primary, with replicas if you like: behind one address that follows the primary, or found by Sentinels (docs/deployment.md).',
  );
  process.exit(78); // EX_CONFIG of sysexits.h
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
