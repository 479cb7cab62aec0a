import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeCheckout, temporaryFolder } from './fixtures/fake-checkout.ts';
import { leftoverServers, lockDataFolder, runningCopy } from './lock.ts';
import { startSystem } from './system.ts';

test('a data folder is one copy’s at a time, and free again after it', () => {
  const folder = temporaryFolder();
  const lock = lockDataFolder(folder, 'vitest');
  expect(lock.afterKill).toBe(false);
  // Held by a process that is not this one: the parent of this test, which certainly runs.
  writeFileSync(join(folder, 'running.pid'), String(process.ppid));
  expect(runningCopy(folder, 'n')).toBe(process.ppid);
  expect(() => lockDataFolder(folder, 'n')).toThrow(
    `runs already from this folder (process ${process.ppid})`,
  );
  lock.release();
  expect(runningCopy(folder, 'n')).toBeUndefined();
});

test('a lock whose process is gone, or another program by now, is taken over', () => {
  const folder = temporaryFolder();
  for (const pid of [2 ** 22 + 1, process.ppid]) {
    writeFileSync(join(folder, 'running.pid'), String(pid));
    const lock = lockDataFolder(folder, 'no-such-program.ts');
    expect(lock.afterKill).toBe(true);
    lock.release();
  }
});

test('servers that still work on the data are seen without a lock', async () => {
  const checkout = await fakeCheckout();
  const system = await startSystem({ ...checkout, services: [], log: () => {}, onProgress: () => {} });
  expect(leftoverServers(checkout.dataDir)).toEqual([system.postgres.pid, system.redis?.pid]);
  await system.stop();
  expect(leftoverServers(checkout.dataDir)).toEqual([]);
});
