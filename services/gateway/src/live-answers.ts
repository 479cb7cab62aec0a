import { ProblemError } from '@orderflow/service-kit/problem';
import { type Bounds, createShares, type Exceeded } from '@orderflow/service-kit/shares';

/** Answers that go on at once through one gateway, and those of one address: all of an office's people, say. */
export const MAX_LIVE_ANSWERS: Bounds = { total: 2_000, each: 200 };

/** Answers that go on until somebody ends them: a gateway that stops has to. */
export function createLiveAnswers(bounds: Bounds = MAX_LIVE_ANSWERS) {
  const shares = createShares(bounds);
  const open = new Set<() => void>();
  let stopping = false;
  return {
    /**
     * `end` is called when the gateway stops, unless the returned function was called before. Throws `rate_limited`
     * when the address has its share, and `unavailable` when there are no more for anybody.
     */
    add(address: string | undefined, end: () => void): () => void {
      const exceeded = shares.take(address);
      if (exceeded) throw exceededProblem[exceeded]();
      if (stopping) end();
      else open.add(end);
      return () => {
        shares.giveBack(address);
        open.delete(end);
      };
    },
    /** Ends all that are open, and lets no more begin. */
    stop() {
      stopping = true;
      for (const end of open) end();
    },
  };
}

const exceededProblem: Record<Exceeded, () => ProblemError> = {
  each: () =>
    new ProblemError(
      'rate_limited',
      'Your address has as many live streams as it may. Close a live stream, then open another.',
      { retryAfter: 5 },
    ),
  total: () =>
    new ProblemError('unavailable', 'No more live streams can be opened here. Try again in a second.', {
      retryAfter: 1,
    }),
};

export const stoppingProblem = () =>
  new ProblemError('unavailable', 'This gateway is stopping. Connect again, to another.', { retryAfter: 1 });

export type LiveAnswers = ReturnType<typeof createLiveAnswers>;
