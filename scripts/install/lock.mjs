import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { root } from './root.mjs';

const lock = join(root, '.orderflow', 'installing');

/** Runs `work` while no other terminal installs into the same checkout; waits for one that does. */
export async function withInstallLock(work) {
  try {
    mkdirSync(join(root, '.orderflow'), { recursive: true });
  } catch (error) {
    throw new Error(
      `OrderFlow cannot be installed in ${root} (${error.message}). Clone it to a folder that you may write to.`,
    );
  }
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

/** Written within this time after it is made. */
const writtenWithinMs = 5_000;

/** Left by an installation that was killed, or by a power cut. Nobody installs for an hour. */
function isStale() {
  try {
    const ageMs = Date.now() - statSync(lock).mtimeMs;
    if (ageMs > 3_600_000) return true;
    const pid = Number(readFileSync(lock, 'utf8'));
    if (!pid) return ageMs > writtenWithinMs;
    process.kill(pid, 0);
    return isAnotherProgram(pid);
  } catch (error) {
    // EPERM: it lives and is another user's. ENOENT: it was released this moment.
    return error.code === 'ESRCH';
  }
}

/** Whether the process that has the id by now does something else; false where the system does not tell. */
function isAnotherProgram(pid) {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && !readFileSync(file, 'utf8').includes('install.mjs');
}
