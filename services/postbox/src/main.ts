import { internalAuth } from '@orderflow/service-kit/auth';
import { readConfig } from '@orderflow/service-kit/config';
import { createDatabase } from '@orderflow/service-kit/database';
import { listenEarly } from '@orderflow/service-kit/early-http';
import { runService } from '@orderflow/service-kit/lifecycle';
import { migrate } from '@orderflow/service-kit/migrate';
import { waitForDatabase } from '@orderflow/service-kit/wait-for-database';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createFaults } from './faults.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createPostboxMetrics } from './metrics.ts';
import { createStore } from './operations/store-deliveries.ts';
import { listenSmtp } from './smtp.ts';

const config = readConfig(configSchema);
const { DATABASE_URL: url, DATABASE_POOL: max, HOST: host } = config;

await runService({ service: 'postbox', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const { log, onStop } = scope;
  await waitForDatabase(
    () => migrate({ url, folders: [new URL('../prisma/migrations/', import.meta.url)], log }),
    { log },
  );
  const db = createDatabase({ url, service: 'postbox', log, max });
  onStop('postgres', db.close);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const faults = createFaults();
  const metrics = createPostboxMetrics(scope.metrics);
  const store = createStore(db);
  const smtp = await listenSmtp({ port: config.SMTP_PORT, host, store, faults, metrics, log });
  onStop('smtp', smtp.close);
  const auth = internalAuth(config.INTERNAL_TOKEN);
  const app = createApp({ scope, db, prisma, store, faults, metrics, auth });
  onStop('http', http.serve(app));
});
