import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { startExpiry } from './expiry.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createInventoryMetrics, watchStock } from './metrics.ts';

const config = readConfig(configSchema);

await runService({ service: 'inventory', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createInventoryMetrics(scope.metrics);
  const watching = watchStock({ db, metrics, log: scope.log });
  scope.onStop('stock gauges', watching.stop);
  messaging.publishOutbox('inventory');
  const app = createApp({ scope, auth: authFrom(config), db, redis, prisma, metrics, demo: config.DEMO });
  scope.onStop('http', http.serve(app));
  messaging.consume('inventory', createHandlers({ metrics, ttlMs: config.RESERVATION_TTL_SECONDS * 1000 }));
  const expiry = startExpiry({ db, scope, metrics, everyMs: config.EXPIRY_CHECK_MS });
  scope.onStop('expiry', expiry.stop);
});
