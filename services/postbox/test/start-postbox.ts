import { listen } from '@orderflow/service-kit/lifecycle';
import { testDatabase } from '@orderflow/testing/database';
import { testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import { onTestFinished } from 'vitest';
import { createApp } from '../src/app.ts';
import { createFaults } from '../src/faults.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { createPostboxMetrics } from '../src/metrics.ts';
import { createStore } from '../src/operations/store-deliveries.ts';
import { listenSmtp } from '../src/smtp.ts';

/** A postbox of the running test: its app, a database of its own, and both listeners on free ports. */
export async function startPostbox() {
  const scope = testScope();
  const { log } = scope;
  const host = '127.0.0.1';
  const db = await testDatabase([new URL('../prisma/migrations/', import.meta.url)]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const faults = createFaults();
  const metrics = createPostboxMetrics(scope.metrics);
  const store = createStore(db);
  const smtp = await listenSmtp({ port: 0, host, store, faults, metrics, log });
  onTestFinished(smtp.close);
  const app = createApp({ scope, db, prisma, store, faults, metrics, auth: testAuth });
  const http = await listen(app, { port: 0, host, log });
  onTestFinished(http.close);
  return {
    app,
    db,
    faults,
    scope,
    url: `http://${host}:${http.port}`,
    smtpUrl: `smtp://${host}:${smtp.port}`,
    messages: () => prisma.message.findMany({ orderBy: { id: 'asc' } }),
  };
}
