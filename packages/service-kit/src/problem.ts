import { type ErrorCode, errorCodes, type Problem } from '@orderflow/contracts/errors';
import type { z } from 'zod';

export type FieldError = { path: string; message: string };

/** An error that a client may see: thrown by operations, turned into a problem document by the app. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ErrorCode;
  readonly fields: FieldError[] | undefined;
  /** With `price_changed`: what the buyer saw, and what it is. */
  readonly prices: Problem['prices'];
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;
  /** The key with which the same request can be sent again. */
  readonly idempotencyKey: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      fields?: FieldError[];
      prices?: Problem['prices'];
      retryAfter?: number;
      idempotencyKey?: string;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.fields = options.fields;
    this.prices = options.prices;
    this.retryAfter = options.retryAfter;
    this.idempotencyKey = options.idempotencyKey;
  }
}

/** The document of RFC 9457 for an error. */
export function problemDocument(error: ProblemError, traceId: string): Problem {
  const { status, title } = errorCodes[error.code];
  return {
    type: `urn:orderflow:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    traceId,
    ...(error.fields && { errors: error.fields }),
    ...(error.prices && { prices: error.prices }),
  };
}

/**
 * Checks input against its schema, and that Postgres can keep its texts. Throws `invalid_request` that names
 * every wrong field.
 */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown, what: string): z.infer<T> {
  const parsed = schema.safeParse(input);
  const fields = parsed.success ? textErrors(parsed.data) : parsed.error.issues.flatMap(fieldErrors);
  if (parsed.success && fields.length === 0) return parsed.data;
  throw new ProblemError('invalid_request', `The ${what} is not valid: see "errors" for each field.`, {
    fields,
  });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const message = { path: issue.path.join('.'), message: issue.message };
  return issue.code === 'invalid_union' ? [message, ...issue.errors.flat().flatMap(fieldErrors)] : [message];
}

/** Texts with U+0000 or with half of a surrogate pair: JSON can carry them, Postgres cannot. */
function textErrors(value: unknown, path: string[] = []): FieldError[] {
  if (typeof value === 'string') {
    if (value.isWellFormed() && !value.includes('\0')) return [];
    return [
      { path: path.join('.'), message: 'must be text without U+0000 and without halves of characters' },
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => textErrors(child, [...path, key]));
}
