import { ProblemError } from '@orderflow/service-kit/problem';
import type { Exceeded } from '@orderflow/service-kit/shares';

/** What a client is told whose live stream cannot be opened. */
export const streamProblem: Record<Exceeded, () => ProblemError> = {
  each: () =>
    new ProblemError(
      'rate_limited',
      'Your account watches as many orders live as it may. Close a live stream, then open another.',
      { retryAfter: 5 },
    ),
  total: () =>
    new ProblemError('unavailable', 'No more live streams can be opened here. Try again in a second.', {
      retryAfter: 1,
    }),
};

/** What a client is told whose request cannot wait for its order. */
export const waitProblem: Record<Exceeded, () => ProblemError> = {
  each: () =>
    new ProblemError(
      'rate_limited',
      'Your account waits for as many new orders as it may. Ask again in a second.',
      { retryAfter: 1 },
    ),
  total: () =>
    new ProblemError('unavailable', 'Too many requests wait for new orders. Ask again in a second.', {
      retryAfter: 1,
    }),
};
