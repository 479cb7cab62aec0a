import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { Redis } from 'ioredis';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { Keys } from './keys.ts';
import type { CustomerMetrics } from './metrics.ts';
import type { Passwords } from './passwords.ts';
import { mountRoutes } from './routes.ts';
import { mountAccountRoutes } from './routes-accounts.ts';
import { mountAuthRoutes } from './routes-auth.ts';
import { mountSessionRoutes } from './routes-sessions.ts';
import type { Tokens } from './tokens.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  metrics: CustomerMetrics;
  auth: Auth;
  keys: Keys;
  tokens: Tokens;
  passwords: Passwords;
  sessionDays: number;
  /** How long an access token is good. */
  accessSeconds: number;
  /** Makes the codes of mails, together with notification. */
  mailCodeSecret: string;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    routes: (app) => {
      // Before the check of tokens: whoever comes for a new one often sends the old one along.
      mountAuthRoutes(app, deps);
      app.use(deps.auth.authenticate);
      mountSessionRoutes(app, deps);
      mountRoutes(app, deps);
      mountAccountRoutes(app, deps);
      const { db, redis } = deps;
      mountDeadLetterRoutes(app, { db, group: 'customer' });
      mountMessagingLedgers(app, { db, redis, group: 'customer' });
    },
  });
