import { openMessaging } from '@orderflow/messaging/open';
import { createAuth } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { createEndedSessions } from '@orderflow/service-kit/ended-sessions';
import { runService } from '@orderflow/service-kit/lifecycle';
import { waitForDatabase } from '@orderflow/service-kit/wait-for-database';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createHandlers } from './consumers.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createKeys } from './keys.ts';
import { createCustomerMetrics } from './metrics.ts';
import { endedSessions } from './operations/ended-sessions.ts';
import { makeDemoAccounts, removeDemoAccounts } from './operations/keep-demo-accounts.ts';
import { rotateKeys } from './operations/rotate-keys.ts';
import { createPasswords, presentCost } from './passwords.ts';
import { createTokens } from './tokens.ts';
import { startUpkeep } from './upkeep.ts';

const config = readConfig(configSchema);
const accessSeconds = config.ACCESS_TOKEN_SECONDS;
const rotation = { rotationDays: config.KEY_ROTATION_DAYS, accessSeconds };
const naming = { issuer: config.JWT_ISSUER, audience: config.JWT_AUDIENCE };

await runService({ service: 'customer', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const { log } = scope;
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  const messaging = await openMessaging(scope, { config, migrations });
  const { db, redis } = messaging;
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const metrics = createCustomerMetrics(scope.metrics);
  const passwords = createPasswords({ cost: presentCost, concurrency: config.SCRYPT_CONCURRENCY });
  const keys = createKeys({ prisma });
  const isEnded = createEndedSessions(() => endedSessions(db.query, accessSeconds));
  const auth = createAuth({ ...naming, keys: keys.verify, internalToken: config.INTERNAL_TOKEN, isEnded });
  const tokens = createTokens({ ...naming, keys, accessSeconds });
  messaging.publishOutbox('customer');

  await waitForDatabase(() => rotateKeys(db, rotation), { log });
  const keepDemoAccounts = () =>
    config.DEMO ? makeDemoAccounts(db, { passwords, metrics, log }) : removeDemoAccounts(db, { log });
  await waitForDatabase(keepDemoAccounts, { log });

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
    accessSeconds,
    mailCodeSecret: config.MAIL_CODE_SECRET,
  };
  scope.onStop('http', http.serve(createApp(deps)));
  messaging.consume('customer', createHandlers({ metrics }));
  const upkeep = startUpkeep({ db, scope, ...rotation, demo: config.DEMO, everyMs: config.UPKEEP_MS });
  scope.onStop('upkeep', upkeep.stop);
});
