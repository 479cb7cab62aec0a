import { ProblemError } from '@orderflow/service-kit/problem';

/** Answers that go on until somebody ends them: a gateway that stops has to. */
export function createLiveAnswers() {
  const open = new Set<() => void>();
  let stopping = false;
  return {
    /** `end` is called when the gateway stops, unless the function given back was called before. */
    add(end: () => void): () => void {
      if (stopping) end();
      else open.add(end);
      return () => void open.delete(end);
    },
    /** Ends all that are open, and lets no more begin. */
    stop() {
      stopping = true;
      for (const end of open) end();
    },
  };
}

export const stoppingProblem = () =>
  new ProblemError('unavailable', 'This gateway is stopping. Connect again, to another.', { retryAfter: 1 });

export type LiveAnswers = ReturnType<typeof createLiveAnswers>;
