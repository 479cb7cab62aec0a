import { outcomeUnknown } from '@orderflow/service-kit/database-problem';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request } from 'express';
import { operationOf } from './operation-of.ts';

/** Nobody answered, or the connection broke: of system calls, the resolver and undici. */
const broken = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'UND_ERR_SOCKET',
]);

const tooSlow = new Set(['ETIMEDOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);

export const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name);

export const isBrokenConnection = (error: Error): boolean => broken.has(codeOf(error));

export const timeoutProblem = (upstream: string, timeoutMs: number): ProblemError =>
  new ProblemError(
    'upstream_timeout',
    `The ${upstream} service did not answer within ${timeoutMs} ms. Try again in a second.`,
    { retryAfter: 1 },
  );

/** What the client is told while nobody asks the service. */
export const circuitProblem = (upstream: string, waitMs: number): ProblemError =>
  new ProblemError(
    'unavailable',
    `The ${upstream} service has not answered for a while and is left alone. Nothing was done: try again soon.`,
    { retryAfter: Math.ceil(waitMs / 1000) },
  );

/** Whether a problem is one of a service that is dead or silent, rather than of this one request. */
export const speaksAgainst = ({ code, cause }: ProblemError): boolean =>
  code === 'upstream_timeout' || (cause instanceof Error && isBrokenConnection(cause));

/** Why a service gave no answer, as the client is told. */
export function toProblem(error: Error, upstream: string, timeoutMs: number): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isBrokenConnection(error)) {
    return new ProblemError(
      'unavailable',
      `The ${upstream} service cannot be reached. Try again in a second.`,
      {
        retryAfter: 1,
        cause: error,
      },
    );
  }
  if (codeOf(error) === 'UND_ERR_INVALID_ARG') {
    return new ProblemError('invalid_request', `The request cannot be passed on: ${error.message}.`);
  }
  if (tooSlow.has(codeOf(error))) return timeoutProblem(upstream, timeoutMs);
  return new ProblemError(
    'upstream_failed',
    `The ${upstream} service gave an answer that is not HTTP. Look for the trace id in its log.`,
    { cause: error },
  );
}

/** Answers that say nothing of what the service did. */
const saysNothing: ReadonlySet<string> = new Set(['unavailable', 'upstream_timeout', 'upstream_failed']);

/**
 * What the client is told of a request that was sent to the service and may have been done there: by the key that it takes,
 * if it had one, it can be sent again. One that only reads can be sent again in any case.
 */
export function afterSending(problem: ProblemError, req: Request): ProblemError {
  if (req.method === 'GET' || req.method === 'HEAD' || !saysNothing.has(problem.code)) return problem;
  const idempotencyKey = operationOf(req)?.idempotencyKey && req.get('idempotency-key');
  return outcomeUnknown({ idempotencyKey, cause: problem.cause ?? problem });
}
