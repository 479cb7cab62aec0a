import { actorOf } from '@orderflow/service-kit/auth';
import { clientAddress } from '@orderflow/service-kit/client-address';
import type { Logger } from '@orderflow/service-kit/logger';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';
import { createLocalQuotas } from './local-quotas.ts';
import type { GatewayMetrics } from './metrics.ts';
import { operationOf } from './operation-of.ts';
import { type Bucket, createSharedQuotas, type Shared } from './shared-quotas.ts';

export type RateLimits = {
  /** Requests a minute of one address. */
  address: number;
  /** Requests a minute of one account. */
  user: number;
  /** Attempts a minute of one address to log in, register or refresh. */
  auth: number;
  /** Requests a minute of one account that may send a card to the payment provider. */
  'card-user': number;
  /** The same of one address, for all accounts that use it. */
  'card-address': number;
};
type Policy = keyof RateLimits;

type Options = {
  redis: Redis;
  limits: RateLimits;
  /** Before the keys in Redis: keeps test runs apart. */
  prefix?: string;
  metrics: GatewayMetrics;
  log: Logger;
};

const MINUTE = 60_000;
const isAuthAttempt = ({ path }: Request) => /^\/api\/auth(\/|$)/i.test(path);
const takesCard = (req: Request) => operationOf(req)?.takesCard === true;
/** Against guessing: of passwords, and of cards. */
const strict: ReadonlySet<Policy> = new Set(['auth', 'card-user', 'card-address']);

/**
 * Limits of requests, shared by all replicas. While Redis is away everything passes, but attempts to log in and cards:
 * those are counted by each replica for itself.
 */
export function createRateLimiter({ redis, limits, prefix = 'gateway:quota:', metrics, log }: Options) {
  const shared = createSharedQuotas({ redis, prefix, log });
  const local = createLocalQuotas();

  function bucketsOf(req: Request): (Bucket & { policy: Policy })[] {
    const actor = actorOf(req);
    if (actor?.kind === 'service') return [];
    const bucket = (policy: Policy, whose: string) => ({
      policy,
      key: `${policy}:${whose}`,
      quota: { limit: limits[policy], windowMs: MINUTE },
    });
    const address = clientAddress(req.ip);
    return [
      bucket('address', address),
      ...(actor ? [bucket('user', actor.id)] : []),
      ...(isAuthAttempt(req) ? [bucket('auth', address)] : []),
      ...(actor && takesCard(req) ? [bucket('card-user', actor.id), bucket('card-address', address)] : []),
    ];
  }

  async function count(req: Request, res: Response): Promise<void> {
    const buckets = bucketsOf(req);
    if (buckets.length === 0) return;
    const taken = await shared.take(buckets);
    if (!taken) metrics.uncounted.inc();
    const waitMs = taken ? taken.waitMs : local.take(buckets.filter(({ policy }) => strict.has(policy)));
    if (taken) showQuotas(res, buckets, taken);
    if (waitMs <= 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    metrics.limited.inc({ kind: kindOf(req) });
    throw new ProblemError('rate_limited', `Too many requests: wait ${seconds} s, then go on more slowly.`, {
      retryAfter: seconds,
    });
  }

  const limit: RequestHandler = async (req, res, next) => {
    await count(req, res);
    next();
  };
  /** A request with a bad token has been refused already, and counts all the same: guessing tokens is limited too. */
  const limitRefused: ErrorRequestHandler = async (error, req, res, next) => {
    await count(req, res);
    next(error);
  };
  return { limit, limitRefused };
}

const kindOf = (req: Request) => (isAuthAttempt(req) ? 'auth' : takesCard(req) ? 'card' : 'general');

/** https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-08 */
function showQuotas(res: Response, buckets: (Bucket & { policy: Policy })[], { left }: Shared): void {
  const policies = buckets.map(
    ({ policy, quota }) => `"${policy}";q=${quota.limit};w=${quota.windowMs / 1000}`,
  );
  const quotas = buckets.map(({ policy }, i) => {
    const { remaining, fullInMs } = left[i]!;
    return `"${policy}";r=${remaining};t=${Math.ceil(fullInMs / 1000)}`;
  });
  res.setHeader('ratelimit-policy', policies.join(', '));
  res.setHeader('ratelimit', quotas.join(', '));
}
