import type { Redis } from 'ioredis';

/** Returns the share of `maxmemory` that Redis uses, such as 0.6; `undefined` when it has no `maxmemory`. */
export async function usedShare(redis: Redis): Promise<number | undefined> {
  const info = await redis.info('memory');
  const bytes = (name: string) => Number(info.match(new RegExp(`^${name}:(\\d+)`, 'm'))?.[1] ?? 0);
  const max = bytes('maxmemory');
  return max === 0 ? undefined : bytes('used_memory') / max;
}
