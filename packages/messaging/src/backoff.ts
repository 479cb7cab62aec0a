type Backoff = { baseMs?: number; capMs?: number; random?: () => number };

/**
 * Milliseconds to wait before attempt `attempt` (1 = first retry): random between 0 and a cap that doubles.
 * "Full jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ : it spreads
 * those who failed together.
 */
export const fullJitter = (attempt: number, { random = Math.random, ...backoff }: Backoff = {}): number =>
  Math.round(random() * capOf(attempt, backoff));

/** "Equal jitter" of the same article: at least half of the cap, so that a number of attempts spans a known time. */
export const equalJitter = (attempt: number, { random = Math.random, ...backoff }: Backoff = {}): number =>
  Math.round(((1 + random()) / 2) * capOf(attempt, backoff));

const capOf = (attempt: number, { baseMs = 200, capMs = 60_000 }: Backoff): number =>
  Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
