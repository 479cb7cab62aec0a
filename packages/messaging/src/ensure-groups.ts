import type { Redis } from 'ioredis';
import { groupInfos } from './group-lag.ts';

/** Whether Redis refused a command because its memory is full. Such a command had no effect. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('OOM ');

/**
 * Creates the groups that a stream lacks, from the very first entry on: `$` would pass over what is there already.
 * Returns those that exist now. A full Redis refuses XGROUP CREATE even for a group that exists, so it is asked first
 * which do, and a group that cannot be created now is left out.
 */
export async function ensureGroups<G extends string>(
  redis: Redis,
  stream: string,
  groups: G[],
): Promise<G[]> {
  const infos = await groupInfos(redis, stream);
  const existing: G[] = [];
  for (const group of groups) {
    if (infos.has(group) || (await createGroup(redis, stream, group))) existing.push(group);
  }
  return existing;
}

/** Creates a group on each stream that lacks it. Returns the streams on which it exists now. */
export async function ensureGroup(redis: Redis, streams: string[], group: string): Promise<string[]> {
  const found = await Promise.all(streams.map((stream) => ensureGroups(redis, stream, [group])));
  return streams.filter((_, i) => found[i]!.length > 0);
}

/** Returns false when Redis is too full to create it. */
async function createGroup(redis: Redis, stream: string, group: string): Promise<boolean> {
  try {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
  } catch (error) {
    if (isOutOfMemory(error)) return false;
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
  return true;
}
