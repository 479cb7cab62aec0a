import type { OperationId } from '@orderflow/contracts/api';
import type { Problem } from '@orderflow/contracts/errors';
import type { Refusal } from './types.ts';

/** The server refused, or could not do it. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** Undefined when somebody else answered, such as a proxy on the way. */
  readonly problem: Problem | undefined;
  /** Seconds after which trying again makes sense, if the server said so. */
  readonly retryAfter: number | undefined;
  /** With `outcome_unknown`: sent again with this key, the request is not done twice. */
  readonly idempotencyKey: string | undefined;

  /** `what` was asked, as `POST /api/orders`. */
  constructor(what: string, { status, headers, problem }: Refusal) {
    const fields = problem?.errors?.map(({ path, message }) => `${path}: ${message}`).join('; ');
    super(`${what} answered ${status}${problem ? `: ${problem.detail}` : ''}${fields ? ` (${fields})` : ''}`);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfterOf(headers);
    this.idempotencyKey = headers.get('idempotency-key') ?? undefined;
  }
}

/** There was no answer, or not all of it. Whether the request was carried out is not known. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';

  constructor(what: string, cause: unknown) {
    super(`${what} was not answered: ${reason(cause)}`, { cause });
  }
}

/** What came is not what the contracts promise: this client and the server are of different versions. */
export class ContractError extends Error {
  override name = 'ContractError';
  readonly operation: OperationId;

  constructor(operation: OperationId, wrong: string) {
    super(`${operation} gave what its contract does not allow: ${wrong}`);
    this.operation = operation;
  }
}

/** The fetch of Node says only "fetch failed"; why is in its cause. */
const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, message = '' } = (error.cause ?? {}) as { code?: string; message?: string };
  return [error.message, message || code].filter(Boolean).join(': ');
};

/** Seconds of a `Retry-After`, which may be a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
export function retryAfterOf(headers: Headers, now = Date.now()): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}
