/**
 * Milliseconds to wait before attempt `attempt` (1 = first retry): random between 0 and a cap that doubles.
 * "Full jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ : it spreads
 * those who failed together.
 */
export function fullJitter(
  attempt: number,
  {
    baseMs = 200,
    capMs = 60_000,
    random = Math.random,
  }: { baseMs?: number; capMs?: number; random?: () => number } = {},
): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)));
}
