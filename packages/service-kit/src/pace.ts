/** A loop whose batches usually take no longer than this has all the processor that it needs. */
const SHORT_MS = 10;

/**
 * No loop rests longer, unless its linger is, however short the processor is. Larger batches take longer by themselves:
 * without a bound (and with a large factor) long rests would keep themselves up after the load has gone down.
 */
const LONGEST_REST_MS = 100;

/** Of the last batch in what batches usually take: one that was slow does not make the next ones late. */
const WEIGHT = 0.1;

/**
 * Paces a loop that works in batches: gives how many milliseconds to rest after one that took `tookMs`, so that work
 * gathers for the next. From the start of a batch to that of the next at least `lingerMs` pass. When batches usually
 * take long, because the processor is short, the loop rests longer: by `factor` for each millisecond that is too long.
 * Fewer and larger batches then spare the processor, and so more work gets done; nobody waits longer when it is not
 * short. With a linger of 0 the loop never rests.
 */
export function createPace({ lingerMs, factor }: { lingerMs: number; factor: number }) {
  let usualMs = 0;
  return (tookMs: number): number => {
    if (lingerMs === 0) return 0;
    usualMs += (Math.min(tookMs, LONGEST_REST_MS) - usualMs) * WEIGHT;
    return Math.max(0, lingerMs - tookMs, Math.min(LONGEST_REST_MS, (usualMs - SHORT_MS) * factor));
  };
}
