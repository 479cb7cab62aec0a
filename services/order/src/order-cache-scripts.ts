// An entry is a hash: the newest version of the order that is known of, and the order, when it is here, with the moment
// from which it is not to be shown any more. An entry without the order is what a drop leaves: it keeps out what a slow
// reader has read before the drop. It outlives every look-up that may still be followed by a store.

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS: entry. Gives the order, if it is here, and what time it is. */
export const LOOK_UP = `${NOW}
  local entry = redis.call('HMGET', KEYS[1], 'order', 'until')
  if entry[2] and tonumber(entry[2]) > now then return {entry[1], now} end
  return {false, now}`;

/** KEYS: entry. ARGV: version, order, the time of the look-up, how long it is good for. Gives 1 when it was stored. */
export const STORE = `${NOW}
  local goodUntil = ARGV[3] + ARGV[4]
  if goodUntil <= now then return 0 end
  local known = redis.call('HGET', KEYS[1], 'version')
  if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'order', ARGV[2], 'until', goodUntil)
  if redis.call('PTTL', KEYS[1]) < goodUntil - now then redis.call('PEXPIRE', KEYS[1], goodUntil - now) end
  return 1`;

/** KEYS: entries. ARGV: how long to remember their versions, then the version of each. */
export const DROP = `
  for i, key in ipairs(KEYS) do
    local known = redis.call('HGET', key, 'version')
    if not known or tonumber(known) <= tonumber(ARGV[i + 1]) then
      redis.call('HDEL', key, 'order', 'until')
      redis.call('HSET', key, 'version', ARGV[i + 1])
      redis.call('PEXPIRE', key, ARGV[1])
    end
  end`;
