import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { PrismaClient } from './generated/prisma/client.ts';
import { mountRoutes } from './routes.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
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
      mountDeadLetterRoutes(app, { db: deps.db, group: 'notification' });
    },
  });
