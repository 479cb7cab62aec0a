import { databaseAnswer, OutcomeUnknownError } from './database-errors.ts';
import { ProblemError } from './problem.ts';

/** Returns the answer to a request for which Postgres could not do its work; `undefined` for every other error. */
export function databaseProblem(error: unknown): ProblemError | undefined {
  if (error instanceof OutcomeUnknownError) return outcomeUnknown({ cause: error });
  switch (databaseAnswer(error)) {
    case 'wait':
      return unavailable('The database cannot do this now. Try again in a second.', 1, error);
    case 'repeat':
      return unavailable('Others changed the same at the same time. Try again in a second.', 1, error);
    case 'set aside':
      return unavailable('The database took too long. Try again in a few seconds.', 5, error);
    case 'fail':
      return undefined;
  }
}

/**
 * The answer to a request that may have been done, or not. With `idempotencyKey` the same request can be sent again
 * without harm.
 */
export function outcomeUnknown({ idempotencyKey, cause }: { idempotencyKey?: string; cause: unknown }) {
  const advice = idempotencyKey
    ? 'Send the same request again with the Idempotency-Key of this answer: it is not done twice.'
    : 'Read what became of it before you send it again.';
  return new ProblemError('outcome_unknown', `It is not known whether this was done. ${advice}`, {
    retryAfter: 1,
    idempotencyKey,
    cause,
  });
}

const unavailable = (detail: string, retryAfter: number, cause: unknown) =>
  new ProblemError('unavailable', detail, { retryAfter, cause });
