import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { silentLog } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase } from './database.ts';

/** Errors that would have ended a service's process during the running test. */
function uncaughtErrors(): Error[] {
  const errors: Error[] = [];
  const others = process.listeners('uncaughtException');
  const note = (error: Error) => void errors.push(error);
  process.removeAllListeners('uncaughtException').on('uncaughtException', note);
  onTestFinished(() => {
    process.off('uncaughtException', note);
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return errors;
}

test('sessions that are killed at any moment of a query or a transaction never end the process', async () => {
  const errors = uncaughtErrors();
  const admin = await testDatabase([]);
  const db = createDatabase({ url: admin.url, service: 'victim', log: silentLog, max: 4 });
  onTestFinished(() => db.close());
  const work = [
    () => db.query('SELECT 1'),
    () => db.transaction((tx) => tx.query('SELECT 1')),
    () => db.transaction(async (tx) => tx.send('SELECT 1')),
    () => db.transaction(async () => {}),
  ];
  let working = true;
  let done = 0;
  const workers = [...work, ...work].map(async (step) => {
    while (working) {
      const result = await step().catch(() => 'failed');
      if (result !== 'failed') done += 1;
    }
  });
  const killAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'";
  let killed = 0;
  while (killed < 150) killed += (await admin.query(killAll)).length;
  const before = done;
  await eventually(() => expect(done).toBeGreaterThan(before + 100));
  working = false;
  await Promise.all(workers);
  expect(errors).toEqual([]);
});
