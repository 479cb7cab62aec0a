import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { InventoryMetrics } from './metrics.ts';
import { mountRoutes } from './routes.ts';
import { mountPlainRoutes } from './routes-plain.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  prisma: PrismaClient;
  metrics: InventoryMetrics;
};

export function createApp(deps: Deps) {
  return createHttpApp({
    ...deps.scope,
    routes: (app) => {
      mountRoutes(app, deps);
      mountPlainRoutes(app, deps);
    },
  });
}
