import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** `service` is the internal token; `public` is anybody, with a token or without. */
export type Caller = 'public' | 'customer' | 'seller' | 'admin' | 'service';

/** Bytes of a body that services and gateway take. */
export const MAX_BODY_BYTES = 256 * 1024;

/** One thing that the API does, as it is served through the gateway. */
export type Operation = {
  method: Method;
  /** As OpenAPI writes it: `/api/orders/{id}`. */
  path: string;
  /** The service that answers; `gateway` is the gateway itself. */
  service:
    | 'gateway'
    | 'order'
    | 'inventory'
    | 'payment'
    | 'notification'
    | 'customer'
    | 'auditor'
    | 'chaos-controller';
  tag: Tag;
  summary: string;
  /** Who may call it. Whose things each of them may touch is checked by the service. */
  who: readonly Caller[];
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: z.ZodType;
  /** Of a body that is not JSON. */
  bodyTypes?: readonly string[];
  /** Bytes of a body; `MAX_BODY_BYTES` unless told otherwise. */
  bodyLimit?: number;
  success: {
    status: number;
    schema?: z.ZodType;
    /** Of an answer that is not `application/json`. */
    contentType?: string;
    /** What it is as text, for those who ask for this type. */
    alsoAs?: string;
  };
  /** Answers that are neither the success nor one of the errors: when they come, and what they hold. */
  also?: readonly { status: number; when: string; schema?: z.ZodType }[];
  /** Beside those that follow from the rest, see `errorsOf`. */
  errors?: readonly ErrorCode[];
  /** With an `Idempotency-Key` it may be sent again: the first answer comes back. */
  idempotencyKey?: true;
  /** Its body may be a card, which the payment provider is asked about: the gateway allows few in a minute. */
  takesCard?: true;
  /** Served in demo mode only. */
  demo?: true;
};

export const tags = {
  Accounts: 'Registering and logging in: tokens for all the rest',
  Catalogue: 'Products and their pictures',
  Stock: 'What is there, what is promised, and every movement of it',
  Orders: 'From the cart to the door',
  Payments: 'Money, in minor units',
  Notifications: 'What customers were told by e-mail and SMS',
  Customers: 'Records of customers',
  Audit: 'What happened, when, by whom; and what could not be handled',
  Drills: 'Failures on purpose, and what came of them',
  System: 'The gateway itself',
  'Plain aliases': 'For scripts written against simpler systems; in demo mode only',
} as const;
export type Tag = keyof typeof tags;

/** Every error code that an operation can answer with: its own, and those of its inputs, its callers and the gateway. */
export function errorsOf(operation: Operation): ErrorCode[] {
  const { who, params, query, body, errors = [] } = operation;
  const restricted = !who.includes('public');
  const codes: ErrorCode[] = operation.service === 'gateway' ? [] : ['unauthenticated', 'rate_limited'];
  if (params || query || body) codes.push('invalid_request');
  if (body) codes.push('payload_too_large', 'unsupported_media_type');
  if (restricted && who.length < 4) codes.push('forbidden');
  if (params) codes.push('not_found');
  if (operation.idempotencyKey) codes.push('idempotency_key_reused', 'request_in_progress');
  if (operation.service !== 'gateway') {
    codes.push('internal_error', 'upstream_failed', 'unavailable', 'upstream_timeout');
    if (operation.method !== 'get') codes.push('outcome_unknown');
  }
  return [...new Set([...codes, ...errors])];
}
