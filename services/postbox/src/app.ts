import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { FaultSwitch } from './faults.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { PostboxMetrics } from './metrics.ts';
import type { Store } from './operations/store-deliveries.ts';
import { mountRoutes } from './routes.ts';
import { mountLedgersOfDeliveries } from './routes-ledger.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  prisma: PrismaClient;
  store: Store;
  faults: FaultSwitch;
  metrics: PostboxMetrics;
  auth: Auth;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    routes: (app) => {
      mountRoutes(app, deps);
      mountLedgersOfDeliveries(app, deps);
    },
  });
