import { openMessaging } from '@orderflow/messaging/open';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { createBankProvider } from './bank-provider.ts';
import { configSchema } from './config.ts';
import { handlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createPaymentMetrics } from './metrics.ts';
import { startProviderWorker } from './provider-worker.ts';

const config = readConfig(configSchema);

await runService({ service: 'payment', logLevel: config.LOG_LEVEL }, async (scope) => {
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const { PROVIDER_CONCURRENCY: concurrency, PROVIDER_TIMEOUT_MS: timeoutMs } = config;
  const provider = createBankProvider({
    url: config.BANK_URL,
    timeoutMs,
    connections: concurrency + 4, // customers' cards need not wait for charges
  });
  scope.onStop('provider', provider.close);
  messaging.publishOutbox('payment');
  const app = createApp({ scope, db, prisma, provider });
  const server = await listen(app, { port: config.PORT, host: config.HOST, log: scope.log });
  scope.onStop('http', server.close);
  const metrics = createPaymentMetrics(scope.metrics);
  const worker = startProviderWorker({ db, scope, provider, metrics, concurrency, timeoutMs });
  scope.onStop('provider worker', worker.stop);
  messaging.consume('payment', handlers);
});
