import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { InventoryMetrics } from './metrics.ts';
import { mountImageRoutes } from './routes-images.ts';
import { mountInventoryLedgers } from './routes-ledger.ts';
import { mountPlainRoutes } from './routes-plain.ts';
import { mountProductRoutes } from './routes-products.ts';
import { mountStockRoutes } from './routes-stock.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  auth: Auth;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  metrics: InventoryMetrics;
  /** Serves the plain aliases, which ask nobody who they are. */
  demo: boolean;
};

export function createApp(deps: Deps) {
  const { db, redis } = deps;
  return createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    routes: (app) => {
      mountProductRoutes(app, deps);
      mountImageRoutes(app, deps);
      mountStockRoutes(app, deps);
      mountDeadLetterRoutes(app, { db, group: 'inventory' });
      mountMessagingLedgers(app, { db, redis, group: 'inventory' });
      mountInventoryLedgers(app, deps);
      if (deps.demo) mountPlainRoutes(app, deps);
    },
  });
}
