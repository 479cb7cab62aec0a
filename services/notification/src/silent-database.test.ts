import { messagingMigrations } from '@orderflow/messaging/migrations';
import { createDatabase } from '@orderflow/service-kit/database';
import { isDatabaseUnavailable } from '@orderflow/service-kit/database-errors';
import { testDatabaseUrl } from '@orderflow/testing/database';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { silentLog } from '@orderflow/testing/scope';
import { PrismaPg } from '@prisma/adapter-pg';
import { expect, onTestFinished, test } from 'vitest';
import { PrismaClient } from './generated/prisma/client.ts';

test('what Prisma reads over a connection that fell silent fails as unavailable, and is read over a new one after', async () => {
  const url = await testDatabaseUrl([messagingMigrations, new URL('../prisma/migrations/', import.meta.url)]);
  const relay = await testRelay(targetOf(url));
  const db = createDatabase({
    url: throughRelay(url, relay),
    service: 'test',
    log: silentLog,
    timeoutMs: 100,
  });
  onTestFinished(() => db.close());
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  for (const read of [() => prisma.message.findMany(), () => prisma.$queryRaw`SELECT 1 WHERE false`]) {
    expect(await read()).toEqual([]);
    relay.fallSilent();
    expect(isDatabaseUnavailable(await read().catch((error) => error))).toBe(true);
    expect(await read()).toEqual([]);
  }
});
