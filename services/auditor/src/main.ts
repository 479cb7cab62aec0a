import { deadLettersOf } from '@orderflow/messaging/dead-letters-views';
import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createKeeper } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { startLiveEvents } from './live.ts';
import { createAuditMetrics } from './metrics.ts';
import { remoteDeadLetters } from './remote-dead-letters.ts';

const config = readConfig(configSchema);

await runService({ service: 'auditor', logLevel: config.LOG_LEVEL }, async (scope) => {
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db } = messaging;
  const live = startLiveEvents({ db, scope, maxStreams: config.LIVE_STREAMS });
  const lettersAt = (service: string, url: string) =>
    remoteDeadLetters({ service, url, internalToken: config.INTERNAL_TOKEN });
  const app = createApp({
    scope,
    auth: authFrom(config),
    db,
    prisma: new PrismaClient({ adapter: new PrismaPg(db.pool) }),
    live,
    deadLetters: {
      order: lettersAt('order', config.ORDER_URL),
      inventory: lettersAt('inventory', config.INVENTORY_URL),
      payment: lettersAt('payment', config.PAYMENT_URL),
      notification: lettersAt('notification', config.NOTIFICATION_URL),
      customer: lettersAt('customer', config.CUSTOMER_URL),
      auditor: deadLettersOf({ db, group: 'auditor' }),
    },
  });
  const server = await listen(app, {
    port: config.PORT,
    host: config.HOST,
    log: scope.log,
    drainMs: config.DRAIN_MS,
  });
  scope.onStop('http', server.close);
  messaging.consume('auditor', createKeeper({ metrics: createAuditMetrics(scope.metrics) }));
  // Last, to be stopped first: closing HTTP waits for every answer, and these have no end of their own.
  scope.onStop('live events', live.stop);
});
