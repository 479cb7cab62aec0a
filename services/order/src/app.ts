import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import type { Reply } from '@orderflow/messaging/idempotency';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { OrderLinks } from '@orderflow/service-kit/order-links';
import type { Redis } from 'ioredis';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { OrderMetrics } from './metrics.ts';
import { placeKnown } from './operations/place-known.ts';
import type { Placing } from './operations/place-once.ts';
import type { OrderCache } from './order-cache.ts';
import { mountRoutes } from './routes.ts';
import { mountOrderLedgers } from './routes-ledger.ts';
import { mountMoves } from './routes-moves.ts';
import { mountPlainRoutes } from './routes-plain.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  metrics: OrderMetrics;
  cache: OrderCache;
  auth: Auth;
  /** From mails: a guest's way to their order. */
  links: OrderLinks;
  /** Serves those who are not logged in: the plain aliases and orders of guests. */
  demo: boolean;
  guestPaymentMethod: string;
  /** Signs the idempotency keys that are made up; the same in every replica. */
  keySecret: string;
};

/**
 * Two batches at once, so that one that is held up does not hold up those behind it; as often as one would start that
 * rested half as long. A buyer hardly notices the rest, and fewer transactions spare the processor.
 */
const PLACING = { parallel: 2, lingerMs: 16 };

export function createApp(deps: Deps) {
  const { db, redis, metrics, auth, demo } = deps;
  const place = createBatcher((placings: Placing[]) => placeKnown(db, placings, metrics), PLACING);
  return createHttpApp({
    ...deps.scope,
    auth,
    routes: (app) => {
      mountRoutes(app, { ...deps, place });
      mountMoves(app, deps);
      mountDeadLetterRoutes(app, { db, group: 'order' });
      mountMessagingLedgers(app, { db, redis, group: 'order' });
      mountOrderLedgers(app, deps);
      if (demo) mountPlainRoutes(app, { ...deps, place });
    },
  });
}

export type PlaceDeps = Deps & { place: (placing: Placing) => Promise<Reply> };
