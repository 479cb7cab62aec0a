import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { createOrderLinks } from '@orderflow/service-kit/order-links';
import { paymentMethodSeals } from '@orderflow/service-kit/payment-method-seals';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createOrderMetrics } from './metrics.ts';
import { createOrderCache } from './order-cache.ts';
import { startSearchUpkeep } from './search-upkeep.ts';

const config = readConfig(configSchema);

await runService({ service: 'order', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createOrderMetrics(scope.metrics);
  const cache = createOrderCache({ redis, metrics, log: scope.log });
  messaging.publishOutbox('order');
  const app = createApp({
    scope,
    db,
    redis,
    prisma,
    metrics,
    cache,
    auth: authFrom(config),
    links: createOrderLinks({ secrets: config.ORDER_LINK_SECRETS }),
    demo: config.DEMO,
    guestPaymentMethod: config.GUEST_PAYMENT_METHOD,
    keySecret: config.INTERNAL_TOKEN,
  });
  scope.onStop('http', http.serve(app));
  const { seal: sealMethod } = paymentMethodSeals(config.INTERNAL_TOKEN);
  messaging.consume('order', createHandlers({ metrics, cache, sealMethod }));
  const searchUpkeep = startSearchUpkeep({ db, scope });
  scope.onStop('search-upkeep', searchUpkeep.stop);
});
