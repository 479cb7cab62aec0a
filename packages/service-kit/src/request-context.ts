import { newId } from '@orderflow/contracts/ids';
import type { Request, RequestHandler } from 'express';

/** Who asks, and the threads that tie the request to what follows from it. */
export type RequestContext = {
  /** From `X-Correlation-Id` (the gateway sets it), else new. */
  correlationId: string;
  /** W3C trace context, as it came or new. */
  traceparent: string;
};

const contexts = new WeakMap<Request, RequestContext>();

const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const correlationPattern = /^[\w.:-]{1,100}$/;

/** Gives every request its context and answers with its correlation id. */
export const withRequestContext: RequestHandler = (req, res, next) => {
  const correlation = req.get('x-correlation-id');
  const trace = req.get('traceparent');
  const context = {
    correlationId: correlation && correlationPattern.test(correlation) ? correlation : newId(),
    traceparent: trace && traceparentPattern.test(trace) ? trace : newTraceparent(),
  };
  contexts.set(req, context);
  res.setHeader('x-correlation-id', context.correlationId);
  next();
};

export function requestContext(req: Request): RequestContext {
  const context = contexts.get(req);
  if (!context) throw new Error('withRequestContext is not mounted before this route');
  return context;
}

/** A new root of a trace: https://www.w3.org/TR/trace-context/#traceparent-header */
export function newTraceparent(): string {
  const random = crypto.getRandomValues(Buffer.alloc(24)).toString('hex');
  return `00-${random.slice(0, 32)}-${random.slice(32)}-01`;
}
