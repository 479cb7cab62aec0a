import { openMessaging } from '@orderflow/messaging/open';
import { createAuth } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listen, runService } from '@orderflow/service-kit/lifecycle';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createKeys } from './keys.ts';
import { createCustomerMetrics } from './metrics.ts';
import { makeDemoAccounts, removeDemoAccounts } from './operations/keep-demo-accounts.ts';
import { rotateKeys } from './operations/rotate-keys.ts';
import { createPasswords, presentCost } from './passwords.ts';
import { createTokens } from './tokens.ts';
import { startUpkeep } from './upkeep.ts';

const config = readConfig(configSchema);
const accessSeconds = config.ACCESS_TOKEN_SECONDS;
const rotation = { rotationDays: config.KEY_ROTATION_DAYS, accessSeconds };
const naming = { issuer: config.JWT_ISSUER, audience: config.JWT_AUDIENCE };

await runService({ service: 'customer', logLevel: config.LOG_LEVEL }, async (scope) => {
  const { log } = scope;
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createCustomerMetrics(scope.metrics);
  const passwords = createPasswords({ cost: presentCost, concurrency: config.SCRYPT_CONCURRENCY });
  const keys = createKeys({ prisma });
  const auth = createAuth({ ...naming, keys: keys.verify, internalToken: config.INTERNAL_TOKEN });
  const tokens = createTokens({ ...naming, keys, accessSeconds });
  messaging.publishOutbox('customer');

  await rotateKeys(db, rotation);
  if (config.DEMO) await makeDemoAccounts(db, { passwords, metrics, log });
  else await removeDemoAccounts(db, { log });

  const deps = {
    scope,
    db,
    redis,
    prisma,
    metrics,
    auth,
    keys,
    tokens,
    passwords,
    sessionDays: config.SESSION_DAYS,
  };
  const server = await listen(createApp(deps), {
    port: config.PORT,
    host: config.HOST,
    log,
    drainMs: config.DRAIN_MS,
  });
  scope.onStop('http', server.close);
  messaging.consume('customer', createHandlers({ metrics }));
  const upkeep = startUpkeep({ db, scope, ...rotation, demo: config.DEMO, everyMs: config.UPKEEP_MS });
  scope.onStop('upkeep', upkeep.stop);
});
