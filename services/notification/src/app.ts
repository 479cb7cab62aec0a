import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import type { PrismaClient } from './generated/prisma/client.ts';
import { mountRoutes } from './routes.ts';
import { mountLedgerOfMessages } from './routes-ledger.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  auth: Auth;
  /** Serves the plain alias too. */
  demo: boolean;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    routes: (app) => {
      mountRoutes(app, deps);
      const { db, redis } = deps;
      mountDeadLetterRoutes(app, { db, group: 'notification' });
      mountMessagingLedgers(app, { db, redis, group: 'notification' });
      mountLedgerOfMessages(app, deps);
    },
  });
