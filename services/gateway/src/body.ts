import { Readable } from 'node:stream';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request } from 'express';

export const MEGABYTE = 1024 * 1024;

const tooLarge = (limit: number) =>
  new ProblemError('payload_too_large', `Send at most ${Math.floor(limit / MEGABYTE)} MB in one request.`);

/**
 * The body of a request as it comes in, or null when there is none. Throws, or ends with, `payload_too_large`.
 *
 * Not the request itself: undici destroys a body that it cannot send, and the client's connection, on which it is to
 * get its answer, would go with it.
 */
export function limitedBody(req: Request, limit = MEGABYTE): Readable | null {
  const length = req.headers['content-length'];
  if (length === '0' || (length === undefined && req.headers['transfer-encoding'] === undefined)) return null;
  if (Number(length) > limit) throw tooLarge(limit);
  let received = 0;

  const take = (chunk: Buffer) => {
    received += chunk.length;
    if (received > limit) body.destroy(tooLarge(limit));
    else if (!body.push(chunk)) req.pause();
  };
  const end = () => body.push(null);
  const body = new Readable({
    read: () => void req.resume(),
    destroy(error, callback) {
      req.off('data', take).off('end', end);
      // The rest is read and dropped: a client that is still sending does not look for an answer.
      req.resume();
      callback(error);
    },
  });
  req.on('data', take).once('end', end);
  return body;
}
