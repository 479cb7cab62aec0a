import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request } from 'express';

export const MEGABYTE = 1024 * 1024;

const tooLarge = (limit: number) =>
  new ProblemError('payload_too_large', `Send at most ${Math.floor(limit / MEGABYTE)} MB in one request.`);

export const hasBody = ({ headers }: Request): boolean =>
  headers['content-length'] === undefined
    ? headers['transfer-encoding'] !== undefined
    : headers['content-length'] !== '0';

/**
 * The body of a request once it is whole. Rejects with `payload_too_large`; never settles when the client leaves before.
 *
 * Not passed on as it comes: a client that sends slowly would hold one of the few connections to the service, and a
 * request whose connection broke could not be sent again.
 */
export function readBody(req: Request, limit = MEGABYTE): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(req.headers['content-length']) > limit) {
      req.resume();
      return reject(tooLarge(limit));
    }
    const parts: Buffer[] = [];
    let received = 0;
    req.on('data', (part: Buffer) => {
      received += part.length;
      if (received <= limit) return parts.push(part);
      // The rest is read and dropped: a client that is still sending does not look for an answer.
      parts.length = 0;
      reject(tooLarge(limit));
    });
    req.once('end', () => resolve(Buffer.concat(parts)));
  });
}
