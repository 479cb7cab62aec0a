import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandLineOf, worksIn } from './command-line.ts';

/**
 * Gets the lock files out of the way that a power cut left, and gives what Postgres needs in its environment for that.
 * It takes them for those of a server that runs when they are empty, or when their process id is another process's by
 * now. Those of a Postgres that works with this cluster stay.
 */
export function passStaleLocks(options: {
  cluster: string;
  folder: string;
  port: number;
}): Record<string, string> {
  const { cluster, folder, port } = options;
  const isInUse = (pid: number) => commandLineOf(pid).includes('postgres') && worksIn(pid, cluster);
  const socketLock = join(folder, `.s.PGSQL.${port}.lock`);
  if (!isInUse(processIn(socketLock))) rmSync(socketLock, { force: true });
  const lock = join(cluster, 'postmaster.pid');
  const pid = processIn(lock);
  if (!existsSync(lock) || isInUse(pid)) return {};
  if (pid) {
    // Not deleted: by its key of shared memory Postgres sees sessions that outlived their server. It passes over the
    // process named so, for restarts of a machine: src/backend/utils/init/miscinit.c, CreateLockFile.
    return { PG_GRANDPARENT_PID: String(pid) };
  }
  rmSync(lock);
  return {};
}

/** The process that a lock file names, 0 when it names none. That of a single user's server is negative. */
function processIn(file: string): number {
  if (!existsSync(file)) return 0;
  return Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10)) || 0;
}
