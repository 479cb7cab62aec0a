import { readBacklog } from '@orderflow/messaging/backlog';
import { deadLettersOf } from '@orderflow/messaging/dead-letters-views';
import { openMessaging } from '@orderflow/messaging/open';
import { authFrom } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createKeeper } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createBench } from './invariants/bench.ts';
import { createChecks } from './invariants/check.ts';
import { startRounds } from './invariants/rounds.ts';
import { createLedgerClient } from './ledger-client.ts';
import { startLiveEvents } from './live.ts';
import { createAuditMetrics } from './metrics.ts';
import { createInvariantMetrics } from './metrics-invariants.ts';
import { createOrderWaits } from './order-waits.ts';
import { readInvariants } from './read-invariants.ts';
import { remoteDeadLetters } from './remote-dead-letters.ts';

const config = readConfig(configSchema);

await runService({ service: 'auditor', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const live = startLiveEvents({ db, scope, maxStreams: config.LIVE_STREAMS });
  const waits = createOrderWaits({ db, metrics: scope.metrics });
  const lettersAt = (service: string, url: string) =>
    remoteDeadLetters({ service, url, internalToken: config.INTERNAL_TOKEN });
  const client = createLedgerClient({
    urls: {
      order: config.ORDER_URL,
      inventory: config.INVENTORY_URL,
      payment: config.PAYMENT_URL,
      notification: config.NOTIFICATION_URL,
      customer: config.CUSTOMER_URL,
      bank: config.BANK_URL,
      postbox: config.POSTBOX_URL,
    },
    internalToken: config.INTERNAL_TOKEN,
    ownBacklog: () => readBacklog(db, { redis, group: 'auditor' }),
  });
  let consumer: ReturnType<typeof messaging.consume> | undefined;
  const bench = createBench(client, { isCaughtUp: () => consumer?.isCaughtUp() ?? false });
  const everyMs = config.INVARIANT_EVERY_MS;
  const graceMs = config.INVARIANT_GRACE_MS;
  const invariants = {
    ...createChecks({ db, client, bench, graceMs, maxOrders: config.INVARIANT_CHECK_MAX_ORDERS }),
    read: () => readInvariants(db, { bench, everyMs }),
  };
  const app = createApp({
    scope,
    auth: authFrom(config),
    db,
    redis,
    prisma: new PrismaClient({ adapter: new PrismaPg(db.pool) }),
    live,
    waits,
    deadLetters: {
      order: lettersAt('order', config.ORDER_URL),
      inventory: lettersAt('inventory', config.INVENTORY_URL),
      payment: lettersAt('payment', config.PAYMENT_URL),
      notification: lettersAt('notification', config.NOTIFICATION_URL),
      customer: lettersAt('customer', config.CUSTOMER_URL),
      auditor: deadLettersOf({ db, group: 'auditor' }),
    },
    invariants,
  });
  scope.onStop('http', http.serve(app));
  consumer = messaging.consume('auditor', createKeeper({ metrics: createAuditMetrics(scope.metrics) }));
  const rounds = startRounds({
    ...{ db, scope, client, bench, everyMs, graceMs },
    metrics: createInvariantMetrics(scope.metrics, invariants.read),
    instance: messaging.instance,
    sweepOrders: config.INVARIANT_SWEEP_ORDERS,
  });
  scope.onStop('invariants', rounds.stop);
  // Last, to be stopped first: closing HTTP waits for every answer, and these have no end of their own.
  scope.onStop('live events', live.stop);
});
