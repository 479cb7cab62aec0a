/**
 * How many jobs may be claimed. As long as the outside answers, `concurrency`; when that many calls in a row got no
 * answer, one every `probeEveryMs` until one does: else it would be asked in vain for each of a growing heap.
 * (The half-open state of a circuit breaker.)
 */
export function createProbing({
  concurrency,
  probeEveryMs,
  now = () => performance.now(),
}: {
  concurrency: number;
  probeEveryMs: number;
  now?: () => number;
}) {
  let unanswered = 0;
  let probeAt = 0;

  return {
    answered: () => {
      unanswered = 0;
    },
    unanswered: () => {
      unanswered += 1;
    },
    /** For the next claim, with so many calls under way. A probe that it grants counts as made. */
    limit(underWay: number): number {
      if (unanswered < concurrency) return concurrency;
      if (underWay > 0 || now() < probeAt) return 0;
      probeAt = now() + probeEveryMs;
      return 1;
    },
  };
}
