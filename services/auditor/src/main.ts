import { openMessaging } from '@orderflow/messaging/open';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createKeeper } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createAuditMetrics } from './metrics.ts';

const config = readConfig(configSchema);

await runService({ service: 'auditor', logLevel: config.LOG_LEVEL }, async (scope) => {
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const prisma = new PrismaClient({ adapter: new PrismaPg(messaging.db.pool) });
  const server = await listen(createApp({ scope, prisma }), {
    port: config.PORT,
    host: config.HOST,
    log: scope.log,
  });
  scope.onStop('http', server.close);
  messaging.consume('auditor', createKeeper({ metrics: createAuditMetrics(scope.metrics) }));
});
