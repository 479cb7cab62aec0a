import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { FaultSwitch } from './faults.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { PostboxMetrics } from './metrics.ts';
import type { Store } from './operations/store-deliveries.ts';
import { mountRoutes } from './routes.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  prisma: PrismaClient;
  store: Store;
  faults: FaultSwitch;
  metrics: PostboxMetrics;
};

export const createApp = (deps: Deps) =>
  createHttpApp({ ...deps.scope, routes: (app) => mountRoutes(app, deps) });
