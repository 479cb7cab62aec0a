/** So many requests at once, given back evenly over the window. */
export type Quota = { limit: number; windowMs: number };

/** `fullAt` is when the bucket is full again, which says all about it: in milliseconds, as are the others. */
export type Taken = { fullAt: number; waitMs: number; remaining: number };

/**
 * Takes one request from a bucket (the generic cell rate algorithm). A `waitMs` above 0 is a refusal that took nothing.
 */
export function take(fullAt: number, now: number, { limit, windowMs }: Quota): Taken {
  const step = windowMs / limit;
  const before = Math.max(fullAt, now);
  const after = before + step;
  // Half a microsecond for what fractions lose, as in `TAKE` below.
  const waitMs = after - now - windowMs;
  if (waitMs > 0.0005) return { fullAt: before, waitMs, remaining: 0 };
  return { fullAt: after, waitMs: 0, remaining: Math.floor((windowMs - (after - now)) / step + 0.0005) };
}

/**
 * The same for many buckets in Redis, by its clock, in one step: one that is empty refuses, and then none is taken from.
 * KEYS: the buckets; ARGV: limit and window in milliseconds of each.
 * Gives the wait in milliseconds, then remaining and milliseconds until full of each bucket.
 */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local wait, before, after = 0, {}, {}
for i, key in ipairs(KEYS) do
  local window = tonumber(ARGV[2 * i])
  before[i] = math.max(tonumber(redis.call('GET', key) or '0'), now)
  after[i] = before[i] + window / ARGV[2 * i - 1]
  local over = after[i] - now - window
  if over > 0.0005 then wait = math.max(wait, over) end
end
local answer = { math.ceil(wait) }
for i, key in ipairs(KEYS) do
  local window = tonumber(ARGV[2 * i])
  local fullAt = before[i]
  if wait == 0 then
    fullAt = after[i]
    redis.call('SET', key, string.format('%.4f', fullAt), 'PX', math.ceil(fullAt - now))
  end
  local step = window / ARGV[2 * i - 1]
  answer[2 * i] = math.max(0, math.floor((window - (fullAt - now)) / step + 0.0005))
  answer[2 * i + 1] = math.max(0, math.ceil(fullAt - now))
end
return answer`;
