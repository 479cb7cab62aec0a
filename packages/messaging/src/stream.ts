import type { ServiceName } from '@orderflow/contracts/events';
import type { Redis } from 'ioredis';

/** The Redis key of a producer's stream. `prefix` keeps test runs apart that share a Redis. */
export const streamKey = (service: ServiceName, prefix = ''): string => `${prefix}orderflow:${service}`;

/**
 * One entry as read from a stream. `type` stands beside the body, so that who does not want the type need not
 * parse it; it is missing from what others have put there.
 */
export type Entry = { stream: string; id: string; type: string | undefined; body: string };

/** What a row of the outbox becomes. */
export type Publication = { position: number; type: string; body: string };

/**
 * Appends only when the stream still knows all that was ever appended to it: after a FLUSHALL, an empty restart
 * or a failover to a replica that lagged, its last id is behind the one we remember. Check and append are one
 * step, since the next XADD would lift the last id and hide the loss. Another relay, thawed and knowing less, may have
 * done just that: when the last id is ahead, the entry we remember must still be there; it is never trimmed
 * while a relay may remember it.
 */
const APPEND = `
local function parts(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
local lastMs, lastSeq = parts(last)
local knownMs, knownSeq = parts(ARGV[1])
if lastMs < knownMs or (lastMs == knownMs and lastSeq < knownSeq) then return {0, last} end
if last ~= ARGV[1] and ARGV[1] ~= '0-0' and #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return {0, last} end
for i = 2, #ARGV, 3 do
  last = redis.call('XADD', KEYS[1], '*', 'position', ARGV[i], 'type', ARGV[i + 1], 'event', ARGV[i + 2])
end
return {1, last}`;

/**
 * Appends to a stream whose last entry was `knownLastId` or later.
 * Gives the last id now; `lost: true` (and nothing appended) when `knownLastId` is not in the stream any more.
 */
export async function appendToStream(
  redis: Redis,
  stream: string,
  knownLastId: string,
  publications: Publication[],
): Promise<{ lost: boolean; lastId: string }> {
  const args = publications.flatMap(({ position, type, body }) => [String(position), type, body]);
  const [kept, lastId] = (await redis.eval(APPEND, 1, stream, knownLastId, ...args)) as [number, string];
  return { lost: kept === 0, lastId };
}

type RawEntry = [id: string, fields: string[] | null];

/** Entries from Redis's reply; `body` is empty for one that was deleted while it was pending. */
export const toEntries = (stream: string, raw: RawEntry[]): Entry[] =>
  raw.map(([id, fields]) => ({
    stream,
    id,
    type: fieldOf(fields, 'type'),
    body: fieldOf(fields, 'event') ?? '',
  }));

export function fieldOf(fields: string[] | null, name: string): string | undefined {
  const at = fields?.findIndex((field, i) => i % 2 === 0 && field === name) ?? -1;
  return at < 0 ? undefined : fields![at + 1];
}

/** Compares entry ids such as `1718000000000-3`: negative, zero or positive. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}
