import { MAX_BODY_BYTES } from '@orderflow/contracts/api/operation';
import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import { mountMessagingLedgers } from '@orderflow/messaging/ledger-routes';
import type { Auth } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { readJson } from '@orderflow/service-kit/json-body';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import type { OrderLinks } from '@orderflow/service-kit/order-links';
import type { Redis } from 'ioredis';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { PaymentProvider } from './provider.ts';
import { mountRoutes } from './routes.ts';
import { mountLedgerOfPayments } from './routes-ledger.ts';
import { mountStripeWebhook, type StripeWebhook } from './stripe-webhook.ts';

export type Deps = {
  scope: Pick<ServiceScope, 'log' | 'metrics' | 'health'>;
  db: Database;
  redis: Redis;
  prisma: PrismaClient;
  provider: PaymentProvider;
  auth: Auth;
  /** From mails: a guest's way to their order. */
  links: OrderLinks;
  /** When Stripe is the provider: how to read what it reports. */
  webhook?: StripeWebhook;
};

export const createApp = (deps: Deps) =>
  createHttpApp({
    ...deps.scope,
    auth: deps.auth,
    bodies: 'bounded',
    routes(app) {
      const { db, redis, webhook } = deps;
      if (webhook) mountStripeWebhook(app, { db, webhook });
      app.use(readJson(MAX_BODY_BYTES));
      mountRoutes(app, deps);
      mountDeadLetterRoutes(app, { db, group: 'payment' });
      mountMessagingLedgers(app, { db, redis, group: 'payment' });
      mountLedgerOfPayments(app, deps);
    },
  });
