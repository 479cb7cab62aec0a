import { z } from 'zod';

/** The classes of SQLSTATE that speak of the server, not of the statement: connection, shutdown, too many. */
const unavailableStates = /^(08|57P0|53300|25P03)/;
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Prisma's words for them: not reachable, socket timeout, connection closed, too many connections. */
const unavailablePrismaCodes = new Set(['P1001', 'P1008', 'P1017', 'P2037']);
/**
 * The last is of a Unix socket: its server took the file away, or so many wait for it that no more fit. The codes alone
 * could be any file's, and Prisma leaves out that it was `connect`.
 */
const unavailableMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|connect (ENOENT|EAGAIN)/;

/** Where Prisma keeps the SQLSTATE of an error that it has no code of its own for. */
const prismaError = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.string() }) }) }),
});

/**
 * True when Postgres could not be reached or went away, by an error of pg or of Prisma: the same work may
 * succeed later.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  const code = 'code' in error ? String(error.code) : '';
  const sqlState = prismaError.safeParse(error).data?.meta.driverAdapterError.cause.originalCode ?? code;
  return (
    unavailableStates.test(sqlState) ||
    unavailableCodes.has(code) ||
    unavailablePrismaCodes.has(code) ||
    unavailableMessages.test(error.message)
  );
}
