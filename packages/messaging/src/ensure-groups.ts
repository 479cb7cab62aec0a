import type { Redis } from 'ioredis';
import { groupInfos } from './group-lag.ts';

/** Whether Redis refused a command because its memory is full. Such a command had no effect. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('OOM ');

/**
 * Creates a group where it is missing, from the very first entry on: `$` would pass over what is there already.
 * Returns the streams on which the group exists now. A full Redis refuses XGROUP CREATE even for a group that
 * exists, so each stream is asked first, and one whose group cannot be created now is left out.
 */
export async function ensureGroup(redis: Redis, streams: string[], group: string): Promise<string[]> {
  const found = await Promise.all(streams.map((stream) => groupExists(redis, stream, group)));
  return streams.filter((_, i) => found[i]);
}

async function groupExists(redis: Redis, stream: string, group: string): Promise<boolean> {
  if ((await groupInfos(redis, stream)).has(group)) return true;
  try {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
  } catch (error) {
    if (isOutOfMemory(error)) return false;
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
  }
  return true;
}
