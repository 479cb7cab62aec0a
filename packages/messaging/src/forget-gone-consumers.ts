import type { Group } from '@orderflow/contracts/groups';
import type { Redis } from 'ioredis';
import { FIELD } from './stream.ts';

// One step: a replica that thaws between a look and the deletion would lose what it has read in that moment.
const FORGET = `${FIELD}
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local name = field(info, 'name')
  if name ~= ARGV[2] and field(info, 'pending') == 0 and field(info, 'idle') > tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
  end
end`;

/**
 * Deletes the consumers of a group that have not asked for anything for `idleMs` and hold no entry, apart from
 * `instance`. What others hold waits to be claimed; deleting them would lose it.
 */
export async function forgetGoneConsumers(
  redis: Redis,
  stream: string,
  { group, instance, idleMs }: { group: Group; instance: string; idleMs: number },
): Promise<void> {
  await redis.eval(FORGET, 1, stream, group, instance, idleMs);
}
