import { listen } from '@orderflow/service-kit/lifecycle';
import { testDatabase } from '@orderflow/testing/database';
import { testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import { PrismaPg } from '@prisma/adapter-pg';
import { onTestFinished } from 'vitest';
import { createApp } from '../src/app.ts';
import { createFaults } from '../src/faults.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { totals } from '../src/operations/read-ledger.ts';

const migrations = new URL('../prisma/migrations/', import.meta.url);

/** A bank with a database of its own for the running test, that nobody has reached over HTTP yet. */
export async function testBank() {
  const db = await testDatabase([migrations]);
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  const scope = testScope();
  const faults = createFaults();
  const app = createApp({ scope, db, prisma, faults, auth: testAuth });
  return { app, db, faults, lines: scope.lines, totals: () => totals(db) };
}

/** The same, listening on a free port of loopback. */
export async function listeningBank() {
  const bank = await testBank();
  const server = await listen(bank.app, { port: 0, host: '127.0.0.1', log: testScope().log });
  onTestFinished(() => {
    bank.faults.reset();
    return server.close();
  });
  return { ...bank, url: `http://127.0.0.1:${server.port}` };
}
