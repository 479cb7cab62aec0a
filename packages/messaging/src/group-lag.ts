import type { Redis } from 'ioredis';
import { fieldOf } from './stream.ts';

/** What Redis knows about each group of a stream, by name; nothing when there is no such stream. */
export async function groupInfos(redis: Redis, stream: string): Promise<Map<string, string[]>> {
  const infos = (await redis.xinfo('GROUPS', stream).catch((error: Error) => {
    if (error.message.includes('no such key')) return [];
    throw error;
  })) as string[][];
  return new Map(infos.map((info) => [fieldOf(info, 'name')!, info]));
}

export type GroupLag = {
  /** Entries that were delivered and not acknowledged, and the first of them. */
  pending: number;
  firstPending: string | null;
  lastDelivered: string;
  /** Entries that were not delivered. Redis gives null after some deletions; no number is better than a wrong one. */
  lag: number | null;
};

/** How far a group is behind on a stream. One that does not exist yet has everything before it. */
export async function groupLag(redis: Redis, stream: string, group: string): Promise<GroupLag> {
  const info = (await groupInfos(redis, stream)).get(group);
  if (!info) {
    return { pending: 0, firstPending: null, lastDelivered: '0-0', lag: await redis.xlen(stream) };
  }
  const [pending, firstPending] = (await redis.xpending(stream, group)) as [number, string | null];
  const lag: unknown = fieldOf(info, 'lag') ?? null;
  return {
    pending,
    firstPending,
    lastDelivered: fieldOf(info, 'last-delivered-id')!,
    lag: lag === null ? null : Number(lag),
  };
}

/** When an entry was appended, in milliseconds since 1970, as its id has it. */
export const appendedAt = (entryId: string): number => Number(entryId.split('-')[0]);
