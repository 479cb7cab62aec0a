import { MAX_BODY_BYTES } from '@orderflow/contracts/api/operation';
import type { Request, RequestHandler } from 'express';
import { ProblemError } from './problem.ts';
import { createShares } from './shares.ts';

/** Bytes of the bodies that one service takes at the same time. */
const TOTAL_BYTES = 32 * 1024 * 1024;

/** No route takes a larger body: each refuses it unread, whatever it counts. */
const LARGEST_BYTES = 4 * 1024 * 1024;

/** Bytes that the head of a request announces; `undefined` when it comes in chunks. */
export const declaredLength = ({ headers }: Request): number | undefined =>
  headers['content-length'] === undefined ? undefined : Number(headers['content-length']);

export const hasBody = (req: Request): boolean =>
  (declaredLength(req) ?? (req.headers['transfer-encoding'] === undefined ? 0 : 1)) > 0;

/**
 * Drops what comes of a body from now on. Until a request is answered Node would keep the first 64 KB of it part by part,
 * and a client that sends single bytes makes 20 MB of them.
 */
export function dropBody(req: Request): void {
  // What Node itself does once the answer is sent. To resume the request is not enough: it flows from the next tick on.
  (req as Request & { _dump: () => void })._dump();
}

/**
 * Counts the bytes of all bodies that are under way, before any of them is read, and refuses a request that would
 * exceed the total. A body in chunks, or packed into fewer bytes than it has, counts as the largest one. Those who call a service are the gateway and other
 * parts of OrderFlow, so they share one total.
 */
export function boundBodies(totalBytes = TOTAL_BYTES): RequestHandler {
  const shares = createShares({ total: totalBytes, each: totalBytes });
  return (req, res, next) => {
    if (!hasBody(req)) return next();
    const packed = req.headers['content-encoding'] !== undefined;
    const bytes = Math.min((packed ? undefined : declaredLength(req)) ?? MAX_BODY_BYTES, LARGEST_BYTES);
    if (shares.take('all', bytes)) {
      dropBody(req);
      throw new ProblemError('unavailable', 'Too many bodies are under way here. Try again in a second.', {
        retryAfter: 1,
      });
    }
    res.once('close', () => shares.giveBack('all', bytes));
    next();
  };
}
