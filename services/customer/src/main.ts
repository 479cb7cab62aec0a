import { openMessaging } from '@orderflow/messaging/open';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createCustomerMetrics } from './metrics.ts';

const config = readConfig(configSchema);

await runService({ service: 'customer', logLevel: config.LOG_LEVEL }, async (scope) => {
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createCustomerMetrics(scope.metrics);
  messaging.publishOutbox('customer');
  const app = createApp({ scope, db, prisma, metrics });
  const server = await listen(app, { port: config.PORT, host: config.HOST, log: scope.log });
  scope.onStop('http', server.close);
  messaging.consume('customer', createHandlers({ metrics }));
});
