import { MAX_BODY_BYTES } from '@orderflow/contracts/api/operation';
import { declaredLength, dropBody, hasBody } from '@orderflow/service-kit/body-budget';
import { clientAddress } from '@orderflow/service-kit/client-address';
import { ProblemError } from '@orderflow/service-kit/problem';
import { type Bounds, createShares, type Exceeded, type Shares } from '@orderflow/service-kit/shares';
import type { Request, RequestHandler, Response } from 'express';
import { readBody, tooLarge } from './body.ts';
import { operationOf } from './operation-of.ts';

const MEGABYTE = 1024 * 1024;

/** A body of a request without a token: the largest order of a guest has 20 KB. */
const NOBODYS_LIMIT = 64 * 1024;

/** Reserved for a body in chunks, of which Node reads that much before anybody asks for it. */
const FIRST_RESERVE = 64 * 1024;

export type IntakeOptions = {
  /** Bytes that bodies with a token may take, in all and for each address. */
  known: Bounds;
  /** The same for bodies without one: they cannot use up what those with a token need. */
  nobodys: Bounds;
  /** A body may take `graceMs`, and a second more for each `bytesPerSecond` of its size. */
  graceMs: number;
  bytesPerSecond: number;
  /** What a client goes on sending after its request was refused is read and dropped for this long. */
  lingerMs: number;
};

export const intakeDefaults: IntakeOptions = {
  known: { total: 64 * MEGABYTE, each: 16 * MEGABYTE },
  nobodys: { total: 16 * MEGABYTE, each: 4 * MEGABYTE },
  graceMs: 5_000,
  bytesPerSecond: 64 * 1024,
  lingerMs: 5_000,
};

export type Refusal = 'nobody' | 'too_large' | 'too_slow' | Exceeded;

/**
 * Takes the bodies of requests. Each reserves its bytes before anything of it is read, within a budget of all and one
 * of its address. A body that needs a token and has none is refused unread. The others are read at once, while the
 * token is checked: left alone, Node would keep the first 64 KB of each part by part, which may be single bytes.
 */
export function createIntake(options: IntakeOptions, count: (why: Refusal) => void) {
  const known = createShares(options.known);
  const nobodys = createShares(options.nobodys);
  const bodies = new WeakMap<Request, Promise<Buffer>>();

  function refuse(req: Request, why: Refusal, problem: ProblemError): never {
    dropBody(req);
    count(why);
    throw problem;
  }

  const admit: RequestHandler = (req, res, next) => {
    if (!hasBody(req)) return next();
    closeAfter(req, res, options.lingerMs);
    const operation = operationOf(req);
    const hasToken = req.headers.authorization !== undefined;
    if (!hasToken && operation && !operation.who.includes('public')) {
      refuse(req, 'nobody', new ProblemError('unauthenticated', NEEDS_TOKEN));
    }
    const limit = hasToken ? (operation?.bodyLimit ?? MAX_BODY_BYTES) : NOBODYS_LIMIT;
    const declared = declaredLength(req);
    if (declared !== undefined && declared > limit) refuse(req, 'too_large', tooLarge(limit));
    const reserved = declared ?? Math.min(limit, FIRST_RESERVE);
    const reserveMore = taker(hasToken ? known : nobodys, req, res);
    reserveMore(reserved);
    const timeoutMs = options.graceMs + ((declared ?? limit) / options.bytesPerSecond) * 1000;
    const body = readBody(req, res, { declared, reserved, limit, reserveMore, timeoutMs });
    body.catch(countLate); // and whoever asks for it hears of it
    bodies.set(req, body);
    next();
  };

  /** Counts what `refuse` has not: a body that turned out to be too large or too slow. */
  function countLate({ code }: ProblemError): void {
    if (code === 'payload_too_large') count('too_large');
    if (code === 'invalid_request') count('too_slow');
  }

  /** Returns a function that takes bytes for a request. All are given back when its answer is over. */
  function taker(shares: Shares, req: Request, res: Response) {
    const address = clientAddress(req.ip);
    let taken = 0;
    res.once('close', () => shares.giveBack(address, taken));
    return (bytes: number): void => {
      if (res.closed) return;
      const exceeded = shares.take(address, bytes);
      if (exceeded) refuse(req, exceeded, budgetProblem[exceeded]());
      taken += bytes;
    };
  }

  return {
    /** Handles every request before anything else looks at it. */
    admit,

    /** Returns the body of an admitted request once it is whole. Rejects with a problem. */
    bodyOf(req: Request): Promise<Buffer> {
      const body = bodies.get(req);
      if (!body) throw new Error('admit is not mounted before this route, or the request has no body');
      return body;
    },

    bytesInFlight: () => ({ known: known.inAll(), nobodys: nobodys.inAll() }),
  };
}

export type Intake = ReturnType<typeof createIntake>;

const NEEDS_TOKEN = 'This needs a token: log in at POST /api/auth/login.';

const budgetProblem: Record<Exceeded, () => ProblemError> = {
  each: () =>
    new ProblemError(
      'rate_limited',
      'Your address is sending too many bodies at once. Finish some, then go on.',
      { retryAfter: 1 },
    ),
  total: () =>
    new ProblemError('unavailable', 'Too many bodies are under way here. Try again in a second.', {
      retryAfter: 1,
    }),
};

/**
 * Closes a connection on which a body still comes after the answer: not at once, since a client that is sending does not
 * look for one. Of a body with a length the rest is read meanwhile; one in chunks is left unread, for its parts may be
 * single bytes, and each of them is work.
 */
function closeAfter(req: Request, res: Response, lingerMs: number): void {
  res.once('finish', () => {
    if (req.complete) return;
    const { socket } = req;
    if (declaredLength(req) !== undefined) req.resume();
    // Node has just asked for more, and does so in this tick.
    else setImmediate(() => socket.pause());
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    req.once('close', () => clearTimeout(timer));
  });
}
