import type { ServiceName } from '@orderflow/contracts/events';
import type { Group } from '@orderflow/contracts/groups';
import type { Redis } from 'ioredis';

/** The Redis key of a producer's stream. `prefix` keeps test runs apart that share a Redis. */
export const streamKey = (service: ServiceName, prefix = ''): string => `${prefix}orderflow:${service}`;

/** The producer of a stream. */
export const producerOf = (stream: string): string => stream.slice(stream.lastIndexOf(':') + 1);

/**
 * One entry as read from a stream. `type` stands beside the body, so that who does not want the type need not
 * parse it; it is missing from what others have put there.
 */
export type Entry = {
  stream: string;
  id: string;
  type: string | undefined;
  /** Its row in the producer's outbox; missing like the type. */
  position: number | undefined;
  body: string;
};

/** What a row of the outbox becomes. */
export type Publication = { position: number; type: string; body: string };

/** Lua: a field of what XINFO replies. */
export const FIELD = `
local function field(info, name)
  for i = 1, #info, 2 do
    if info[i] == name then return info[i + 1] end
  end
end`;

/**
 * The stream still knows all that was ever appended to it: after a FLUSHALL, an empty restart or a failover to a
 * replica that lagged, its last id is behind the one we remember. Another relay, thawed and knowing less, may have
 * appended since and lifted the last id: when it is ahead, the entry we remember must still be there; it is never
 * trimmed while a relay may remember it.
 */
const KNOWS = `${FIELD}
local function less(one, other)
  local ms, seq = string.match(one, '(%d+)-(%d+)')
  local otherMs, otherSeq = string.match(other, '(%d+)-(%d+)')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(seq) < tonumber(otherSeq)
end
local function lastIfKnown(stream, remembered)
  local last = '0-0'
  if redis.call('EXISTS', stream) == 1 then last = field(redis.call('XINFO', 'STREAM', stream), 'last-generated-id') end
  local known = not less(last, remembered) and (last == remembered or remembered == '0-0'
    or #redis.call('XRANGE', stream, remembered, remembered) > 0)
  return {id = last, known = known}
end`;

/** Check and append are one step, since the next XADD would lift the last id and hide the loss. */
const APPEND = `${KNOWS}
local last = lastIfKnown(KEYS[1], ARGV[1])
if not last.known then return {0, last.id} end
local id = last.id
for i = 2, #ARGV, 3 do
  id = redis.call('XADD', KEYS[1], '*', 'position', ARGV[i], 'type', ARGV[i + 1], 'event', ARGV[i + 2])
end
return {1, id}`;

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

// Looking and trimming are one step: a group that is made or set back between them would lose entries. The limit that
// Redis sets by itself, some thousand entries, would let a stream grow faster than it is trimmed.
const TRIM = `${KNOWS}
local last = lastIfKnown(KEYS[1], ARGV[1])
if not last.known or redis.call('EXISTS', KEYS[1]) == 0 then return false end
local groups = {}
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do groups[field(info, 'name')] = info end
local floor
for i = 3, #ARGV do
  local info = groups[ARGV[i]]
  if not info then return false end
  local ms, seq = string.match(field(info, 'last-delivered-id'), '(%d+)-(%d+)')
  local needed = ms .. '-' .. string.format('%d', seq + 1)
  if field(info, 'pending') > 0 then needed = redis.call('XPENDING', KEYS[1], ARGV[i])[2] end
  if not floor or less(needed, floor) then floor = needed end
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', less(ARGV[2], floor) and ARGV[2] or floor, 'LIMIT', 0)
return {floor, last.id}`;

/**
 * Trims a stream below the first entry that one of `groups` may still need, and not beyond `keep`. Gives the id of
 * that entry and the last id of the stream; undefined, and nothing trimmed, when a group is missing or `known` is not
 * in the stream any more.
 */
export async function trimAcknowledged(
  redis: Redis,
  stream: string,
  { groups, known, keep }: { groups: Group[]; known: string; keep: string },
): Promise<{ floor: string; last: string } | undefined> {
  const trimmed = (await redis.eval(TRIM, 1, stream, known, keep, ...groups)) as [string, string] | null;
  return trimmed ? { floor: trimmed[0], last: trimmed[1] } : undefined;
}

type RawEntry = [id: string, fields: string[] | null];

/** Entries from Redis's reply; `body` is empty for one that was deleted while it was pending. */
export const toEntries = (stream: string, raw: RawEntry[]): Entry[] =>
  raw.map(([id, fields]) => ({
    stream,
    id,
    type: fieldOf(fields, 'type'),
    position: positionOf(fieldOf(fields, 'position')),
    body: fieldOf(fields, 'event') ?? '',
  }));

/** What others have put there need not be a number that a bigint holds. */
function positionOf(text: string | undefined): number | undefined {
  const position = Number(text);
  return Number.isSafeInteger(position) && position > 0 ? position : undefined;
}

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
