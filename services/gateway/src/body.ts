import { ProblemError } from '@orderflow/service-kit/problem';
import type { Request, Response } from 'express';

export type Incoming = {
  /** Bytes that the head announces; `undefined` when the body comes in chunks. */
  declared: number | undefined;
  /** Bytes that may be kept at the beginning. */
  reserved: number;
  limit: number;
  /** Asks for more bytes to keep. Throws when there are none. */
  reserveMore: (bytes: number) => void;
  /** The body must be whole after this time. */
  timeoutMs: number;
};

const size = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`);

export const tooLarge = (limit: number) =>
  new ProblemError('payload_too_large', `Send at most ${size(limit)} in one request.`);

export const tooSlow = (timeoutMs: number) =>
  new ProblemError('invalid_request', `The body did not arrive within ${Math.ceil(timeoutMs / 1000)} s.`);

/**
 * Returns the body of a request once it is whole. Rejects when it is too large, too slow, or `reserveMore` throws; what
 * still comes is then dropped. Never settles when the answer is over before, as of a client that left.
 *
 * Parts are copied into one buffer: a client that sends single bytes would otherwise cost a hundred times what it sends.
 */
export function readBody(
  req: Request,
  res: Response,
  { declared, reserved, limit, reserveMore, timeoutMs }: Incoming,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let body: Buffer | undefined;
    let received = 0;
    let capacity = declared ?? reserved;
    const timer = setTimeout(() => giveUp(tooSlow(timeoutMs)), timeoutMs);

    const onData = (part: Buffer): void => {
      try {
        append(part);
      } catch (error) {
        giveUp(error);
      }
    };

    function append(part: Buffer): void {
      // Most bodies come in one part, which needs no copy.
      if (received === 0 && part.length === declared) body = part;
      else copy(part);
      received += part.length;
    }

    function copy(part: Buffer): void {
      const needed = received + part.length;
      if (needed > limit) throw tooLarge(limit);
      if (needed > capacity) grow(Math.min(limit, Math.max(needed, 2 * capacity)));
      body ??= Buffer.allocUnsafeSlow(capacity);
      part.copy(body, received);
    }

    function grow(next: number): void {
      reserveMore(next - capacity);
      const before = body;
      capacity = next;
      body = Buffer.allocUnsafeSlow(capacity);
      before?.copy(body, 0, 0, received);
    }

    function giveUp(error: unknown): void {
      drop();
      reject(error);
    }

    function drop(): void {
      clearTimeout(timer);
      req.off('data', onData).resume();
      body = undefined;
    }

    req.on('data', onData);
    req.once('end', () => {
      clearTimeout(timer);
      resolve(body?.subarray(0, received) ?? Buffer.alloc(0));
    });
    res.once('close', drop);
  });
}
