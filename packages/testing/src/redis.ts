import { randomUUID } from 'node:crypto';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { inject, onTestFinished } from 'vitest';
import { silentLog } from './scope.ts';

/** A client of the run's Redis and a key prefix that no other test uses. */
export function testRedis() {
  const url = inject('redisUrl');
  const redis = createCommandClient({ url, name: 'test', log: silentLog });
  onTestFinished(async () => {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
  });
  const prefix = `${randomUUID()}:`;
  return { url, redis, prefix };
}
