import { ownRedis } from './own-redis.ts';

/** A Redis of the test's own, whose `maxmemory` the test sets. */
export async function smallRedis() {
  const { redis, url } = await ownRedis();
  const limit = (bytes: number) => redis.config('SET', 'maxmemory', bytes);
  return {
    redis,
    url,
    limit,
    /** From now on Redis refuses every command that may need memory, as when it is full. */
    fill: () => limit(1),
  };
}
