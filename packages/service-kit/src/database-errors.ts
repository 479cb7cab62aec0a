import { z } from 'zod';
import { answerToState, type DatabaseAnswer } from './sql-states.ts';

/** Codes of Node for a server that cannot be reached. EPIPE: the connection broke while a statement was sent. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Codes of Prisma that say the same as a SQLSTATE: https://www.prisma.io/docs/orm/reference/error-reference */
export const prismaCodes: Record<string, DatabaseAnswer> = {
  P1000: 'wait', // log-in refused
  P1001: 'wait', // not reachable
  P1002: 'wait', // reachable, but too slow
  P1003: 'wait', // no such database
  P1008: 'wait', // the socket timed out
  P1017: 'wait', // the connection was closed
  P2024: 'wait', // no connection of the pool is free
  P2034: 'repeat', // serialization failure or deadlock
  P2037: 'wait', // too many connections
};

/**
 * Errors of pg that have no code. The last is of a Unix socket: its server removed the file, or so many wait for it
 * that no more fit. The codes alone could be any file's, and Prisma leaves out that it was `connect`.
 */
const unreachableMessages =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|connect (ENOENT|EAGAIN)/;

/** Where Prisma keeps the SQLSTATE of an error that it has no code of its own for. */
const prismaError = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.string() }) }) }),
});

/** COMMIT was sent and its answer did not come: the transaction may be committed, or not. */
export class OutcomeUnknownError extends Error {
  override name = 'OutcomeUnknownError';

  constructor(cause: Error) {
    super(`the outcome of a transaction is unknown: ${cause.message}`, { cause });
  }
}

/**
 * True for the error of a statement that was sent and that Postgres may have done: its answer did not come, or says that
 * the session ends. Every other answer of Postgres to COMMIT says that the transaction is rolled back.
 */
export function isLostAnswer(error: Error): boolean {
  if ('severity' in error && 'code' in error) return /^(08|40003|57P)/.test(String(error.code));
  return !error.message.endsWith('not queryable');
}

/** Returns what is done about an error of pg or of Prisma; `fail` for every other error. */
export function databaseAnswer(error: unknown): DatabaseAnswer {
  if (!(error instanceof Error)) return 'fail';
  if (error instanceof OutcomeUnknownError) return 'wait';
  if (error instanceof AggregateError) {
    return error.errors.map(databaseAnswer).find((answer) => answer !== 'fail') ?? 'fail';
  }
  const code = 'code' in error ? String(error.code) : '';
  if (unreachable.has(code) || unreachableMessages.test(error.message)) return 'wait';
  const state = prismaError.safeParse(error).data?.meta.driverAdapterError.cause.originalCode ?? code;
  return answerToState(state) ?? prismaCodes[code] ?? 'fail';
}

/** True when the server can do nothing now: it is away, shuts down, is full or read-only. */
export const isDatabaseUnavailable = (error: unknown): boolean => databaseAnswer(error) === 'wait';
