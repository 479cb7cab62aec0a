import type { Operation } from '@orderflow/contracts/api/operation';
import { ApiError, NoAnswerError } from './errors.ts';

/** Who is told to come back later than this, is told so by an error: nobody waits that long for a call. */
export const MAX_PAUSE_MS = 30_000;

/** Of services that come and go, and of those that bound how much they take. */
const passing = [429, 502, 503, 504];

/** Whether twice is the same as once. */
export const isRepeatable = ({ method }: Operation, idempotencyKey: string | undefined): boolean =>
  method === 'get' || method === 'put' || method === 'delete' || idempotencyKey !== undefined;

/**
 * Milliseconds to wait after failure number `failures` (1 = the first) before trying again; undefined when that would
 * not help. Never less than `Retry-After`. Otherwise random below a cap that doubles, which spreads those who failed
 * together: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseAfter(error: unknown, failures: number, random = Math.random): number | undefined {
  const spread = random() * Math.min(10_000, 100 * 2 ** Math.min(failures, 10));
  if (error instanceof NoAnswerError) return spread;
  if (!(error instanceof ApiError)) return undefined;
  const { status, retryAfter } = error;
  if (retryAfter === undefined) return passing.includes(status) ? spread : undefined;
  // Another request with the same key that is still running answers 409 with Retry-After.
  if (retryAfter * 1000 > MAX_PAUSE_MS) return undefined;
  return retryAfter * 1000 + spread;
}
