import type { Bucket } from './shared-quotas.ts';
import { take } from './token-bucket.ts';

/** More addresses than that at once are an attack, of which the oldest are forgotten first. */
const MAX_BUCKETS = 10_000;

/** Quotas of this process alone, for while it cannot count together with the others. */
export function createLocalQuotas(now: () => number = () => performance.now()) {
  const fullAt = new Map<string, number>();
  return {
    /** Takes one from each bucket. 0, or the milliseconds until there is one to take. */
    take(buckets: Bucket[]): number {
      let longest = 0;
      for (const { key, quota } of buckets) {
        const taken = take(fullAt.get(key) ?? 0, now(), quota);
        fullAt.delete(key);
        if (fullAt.size >= MAX_BUCKETS) fullAt.delete(fullAt.keys().next().value!);
        fullAt.set(key, taken.fullAt);
        longest = Math.max(longest, taken.waitMs);
      }
      return longest;
    },
  };
}
