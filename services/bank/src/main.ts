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

const config = readConfig(configSchema);

await runService({ service: 'bank', config }, async (scope) => {
  const http = await listenEarly(scope, config);
  const { log, onStop } = scope;
  const migrations = new URL('../prisma/migrations/', import.meta.url);
  await waitForDatabase(() => migrate({ url: config.DATABASE_URL, folders: [migrations], log }), { log });
  const db = createDatabase({ url: config.DATABASE_URL, service: 'bank', log, max: config.DATABASE_POOL });
  onStop('postgres', db.close);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const faults = createFaults();
  const auth = internalAuth(config.INTERNAL_TOKEN);
  onStop('http', http.serve(createApp({ scope, db, prisma, faults, auth })));
  // Before HTTP closes: it waits for requests in flight, and those that hang would never end.
  onStop('faults', faults.reset);
});
