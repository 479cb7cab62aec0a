import type { InvariantsView } from '@orderflow/contracts/invariants';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import type { Sources } from './all-dead-letters.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { Checks } from './invariants/check.ts';
import type { LiveEvents } from './live.ts';
import type { OrderWaits } from './order-waits.ts';
import { mountRoutes } from './routes.ts';
import { mountAuditRoutes } from './routes-audit.ts';
import { mountDeadLetterPages } from './routes-dead-letters.ts';
import { mountInvariantRoutes } from './routes-invariants.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  auth: Auth;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  live: LiveEvents;
  waits: OrderWaits;
  deadLetters: Sources;
  invariants: Checks & { read: () => Promise<InvariantsView> };
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    routes: (app) => {
      mountRoutes(app, deps);
      mountAuditRoutes(app, deps);
      mountDeadLetterPages(app, deps);
      mountInvariantRoutes(app, deps);
      mountMessagingLedgers(app, { db: deps.db, redis: deps.redis, group: 'auditor' });
    },
  });
