import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Sources } from './all-dead-letters.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { LiveEvents } from './live.ts';
import { mountRoutes } from './routes.ts';
import { mountAuditRoutes } from './routes-audit.ts';
import { mountDeadLetterPages } from './routes-dead-letters.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  auth: Auth;
  db: Database;
  prisma: PrismaClient;
  live: LiveEvents;
  deadLetters: Sources;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    routes: (app) => {
      mountRoutes(app, deps);
      mountAuditRoutes(app, deps);
      mountDeadLetterPages(app, deps);
    },
  });
