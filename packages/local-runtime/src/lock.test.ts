import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fakeCheckout, temporaryFolder } from './fixtures/fake-checkout.ts';
import { leftoverServers, lockDataFolder, runningCopy } from './lock.ts';
import { startSystem } from './system.ts';

/** A data folder in a folder of its own, and the id of a program that works there. */
async function heldFolder() {
  const checkout = temporaryFolder();
  const holder = spawn(process.execPath, ['-e', 'console.log(); setInterval(() => {}, 1000)'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void holder.kill());
  await once(holder.stdout, 'data');
  return { folder: join(checkout, 'data'), pid: holder.pid };
}

test('a data folder is one copy’s at a time, and free again after it', async () => {
  const { folder, pid } = await heldFolder();
  const lock = lockDataFolder(folder, 'vitest');
  expect(lock.afterKill).toBe(false);
  writeFileSync(join(folder, 'running.pid'), String(pid));
  expect(runningCopy(folder, 'setInterval')).toBe(pid);
  expect(() => lockDataFolder(folder, 'setInterval')).toThrow(
    `runs already from this folder (process ${pid})`,
  );
  lock.release();
  expect(runningCopy(folder, 'setInterval')).toBeUndefined();
});

test.runIf(existsSync('/proc/self/cwd'))(
  'a lock whose process is a copy in another folder is taken over',
  async () => {
    const { pid } = await heldFolder();
    const folder = join(temporaryFolder(), 'data');
    lockDataFolder(folder, 'setInterval');
    writeFileSync(join(folder, 'running.pid'), String(pid));
    expect(runningCopy(folder, 'setInterval')).toBeUndefined();
    expect(lockDataFolder(folder, 'setInterval').afterKill).toBe(true);
  },
);

test('a data folder that others may write to is closed to them', () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o777);
  lockDataFolder(folder, 'vitest');
  expect(statSync(folder).mode & 0o777).toBe(0o755);
});

test('a data folder that cannot be made is refused with what to do', () => {
  const link = join(temporaryFolder(), 'data');
  symlinkSync('nowhere', link);
  expect(() => lockDataFolder(link, 'vitest')).toThrow('It is a link to nothing: make the folder');
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
