import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { CustomerMetrics } from './metrics.ts';
import { mountRoutes } from './routes.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  prisma: PrismaClient;
  metrics: CustomerMetrics;
};

export const createApp = (deps: Deps) =>
  createHttpApp({ ...deps.scope, routes: (app) => mountRoutes(app, deps) });
