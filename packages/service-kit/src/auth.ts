import { timingSafeEqual } from 'node:crypto';
import { accessClaims, JWKS_PATH } from '@orderflow/contracts/auth';
import type { Request, RequestHandler } from 'express';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { z } from 'zod';
import type { authConfig } from './config.ts';
import { type IsEnded, remoteEndedSessions } from './ended-sessions.ts';
import { ProblemError } from './problem.ts';

/** `sessionId`: not in tokens of the release before. */
type Account = { id: string; sessionId?: string };

/** Who asks, as a token has proved it. */
export type Actor =
  | ({ kind: 'customer'; customerId: string; name: string; email: string } & Account)
  | ({ kind: 'seller'; sellerId: string } & Account)
  | ({ kind: 'admin' } & Account)
  /** Another part of OrderFlow, by the internal token. */
  | { kind: 'service' };

type AuthOptions = {
  /** The public keys: `remoteKeys` of the customer service, or a set of one's own. */
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  internalToken: string;
  /** Whether a session was ended while its token is good; nobody asks when it is not given. */
  isEnded?: IsEnded;
};

/** Only what our own keys are made for: `none` and shared secrets are never taken. */
export const TOKEN_ALGORITHM = 'EdDSA';

const CACHED_TOKENS = 5_000;

const actors = new WeakMap<Request, Actor>();

/** The keys that the customer service at `url` publishes, fetched when they are needed and kept while it is away. */
export const remoteKeys = (url: string): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL(JWKS_PATH, url), {
    timeoutDuration: 3_000,
    cooldownDuration: 5_000,
    cacheMaxAge: 600_000,
  });

/** The auth of a service from its environment. */
export const authFrom = (config: z.infer<typeof authConfig>): Auth =>
  createAuth({
    keys: remoteKeys(config.AUTH_URL),
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    internalToken: config.INTERNAL_TOKEN,
    isEnded: remoteEndedSessions(config.AUTH_URL),
  });

/**
 * Makes the handler that reads the bearer token of a request. Without one the request goes on as nobody's; with
 * one that is not good it ends with 401, and with 503 while the keys cannot be had.
 */
export function createAuth({ keys, issuer, audience, internalToken, isEnded }: AuthOptions) {
  // A signature takes longer to check than many a request to answer; what was good is good until it expires.
  const known = new Map<string, { actor: Actor; expiresAt: number }>();

  async function actorBy(token: string): Promise<Actor> {
    if (isSame(token, internalToken)) return { kind: 'service' };
    const cached = known.get(token);
    if (cached && cached.expiresAt > Date.now()) return cached.actor;
    known.delete(token);
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [TOKEN_ALGORITHM],
      requiredClaims: ['exp', 'sub'],
    }).catch((error: unknown) => Promise.reject(refusal(error)));
    const claims = accessClaims.safeParse(payload);
    if (!claims.success) throw unauthenticated();
    const actor = toActor(claims.data);
    if (known.size >= CACHED_TOKENS) known.delete(known.keys().next().value!);
    known.set(token, { actor, expiresAt: payload.exp! * 1000 });
    return actor;
  }

  const authenticate: RequestHandler = async (req, _res, next) => {
    const header = req.get('authorization');
    if (header !== undefined) {
      const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(header)?.[1];
      if (!token) throw unauthenticated('Send the header as "Authorization: Bearer TOKEN".');
      const actor = await actorBy(token);
      if (actor.kind !== 'service' && actor.sessionId && (await isEnded?.(actor.sessionId)))
        throw unauthenticated();
      actors.set(req, actor);
    }
    next();
  };

  return { authenticate };
}

export type Auth = ReturnType<typeof createAuth>;

/** For services that people have no business with: they know the internal token, and no other. */
export const internalAuth = (internalToken: string): Auth =>
  createAuth({
    keys: () => Promise.reject(new errors.JWKSNoMatchingKey()),
    issuer: 'nobody',
    audience: 'nobody',
    internalToken,
  });

/** Who asks; undefined when the request came without a token. */
export const actorOf = (req: Request): Actor | undefined => actors.get(req);

/** Who asks, when it is one of these kinds. Throws `unauthenticated` for nobody and `forbidden` for others. */
export function requireActor<Kind extends Actor['kind']>(
  req: Request,
  ...kinds: Kind[]
): Extract<Actor, { kind: Kind }> {
  const actor = actors.get(req);
  if (!actor) throw unauthenticated('This needs a token: log in at POST /api/auth/login.');
  if (!(kinds as Actor['kind'][]).includes(actor.kind)) {
    throw new ProblemError('forbidden', `This is for: ${kinds.join(', ')}.`);
  }
  return actor as Extract<Actor, { kind: Kind }>;
}

/** The actor as events and the audit log name it: `customer:ID`, `seller:ID`, `admin:ID`, `system`. */
export const actorName = (actor: Actor): string =>
  actor.kind === 'service' ? 'system' : `${actor.kind}:${actor.id}`;

function toActor(claims: ReturnType<typeof accessClaims.parse>): Actor {
  const account = { id: claims.sub, ...(claims.sid && { sessionId: claims.sid }) };
  switch (claims.role) {
    case 'customer': {
      const { customer_id: customerId, name, email } = claims;
      return { kind: 'customer', ...account, customerId, name, email };
    }
    case 'seller':
      return { kind: 'seller', ...account, sellerId: claims.seller_id };
    case 'admin':
      return { kind: 'admin', ...account };
  }
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const unauthenticated = (detail = 'The token is not good, or no more: log in again.') =>
  new ProblemError('unauthenticated', detail);

/** Tokens that are wrong are the caller's matter; keys that cannot be fetched are ours. */
function refusal(error: unknown): ProblemError {
  const theirs =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error.constructor === errors.JOSEError);
  return theirs
    ? unauthenticated()
    : new ProblemError('unavailable', 'Tokens cannot be checked right now. Try again in a second.', {
        retryAfter: 1,
        cause: error,
      });
}
