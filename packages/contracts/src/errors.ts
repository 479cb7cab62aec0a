import { z } from 'zod';
import { money } from './money.ts';

/**
 * Every error a client can meet, with its HTTP status and title: the only place where a code meets a status.
 * `type` of the problem document (RFC 9457) is `urn:orderflow:problem:CODE`.
 */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Log in first' },
  forbidden: { status: 403, title: 'You may not do this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'This address does not take that method' },
  conflict: { status: 409, title: 'It does not go with what is there already' },
  illegal_move: { status: 409, title: 'The order cannot move there from where it is' },
  price_changed: { status: 409, title: 'The price is not the catalogue’s' },
  payment_not_due: { status: 409, title: 'Nothing is to be paid for this order now' },
  request_in_progress: { status: 409, title: 'The first request with this idempotency key is still running' },
  version_changed: { status: 412, title: 'It was changed since you read it' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'This address takes another type of body' },
  unknown_product: { status: 422, title: 'A product is not in the catalogue' },
  mixed_sellers: { status: 422, title: 'An order holds the products of one seller' },
  mixed_currencies: { status: 422, title: 'An order has one currency' },
  unknown_payment_method: { status: 422, title: 'The customer has no such payment method' },
  card_refused: { status: 422, title: 'The card is not usable' },
  idempotency_key_reused: { status: 422, title: 'This idempotency key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests; slow down' },
  internal_error: { status: 500, title: 'Something broke on our side' },
  upstream_failed: { status: 502, title: 'A service behind the gateway gave no proper answer' },
  unavailable: { status: 503, title: 'Not available right now; try again soon' },
  outcome_unknown: { status: 503, title: 'It is not known whether this was done' },
  upstream_timeout: { status: 504, title: 'A service behind the gateway took too long' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A problem document of RFC 9457 as OrderFlow writes it. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What happened this time and what to do next. */
  detail: z.string(),
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  /** Finds the request in the logs of every service. */
  traceId: z.string(),
  /** Each field that is wrong, for `invalid_request`. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** Each product whose price is another one than the buyer saw, for `price_changed`. */
  prices: z.array(z.object({ productId: z.uuid(), expected: money, current: money })).optional(),
});
export type Problem = z.infer<typeof problem>;
