import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { root } from './root.mjs';

const lock = join(root, '.orderflow', 'installing');

/** Runs `work` while no other terminal installs into the same checkout; waits for one that does. */
export async function withInstallLock(work) {
  mkdirSync(join(root, '.orderflow'), { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) console.log('Another terminal is installing; waiting for it …');
    await after(200);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isStale()) return false;
    rmSync(lock, { force: true });
    return take();
  }
}

/** Left by an installation that was killed. Nobody installs for an hour: then its process id is another's. */
function isStale() {
  try {
    if (Date.now() - statSync(lock).mtimeMs > 3_600_000) return true;
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    // EPERM: it lives and is another user's. ENOENT: it was released this moment.
    return error.code === 'ESRCH';
  }
}
