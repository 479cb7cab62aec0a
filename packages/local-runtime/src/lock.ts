import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLineOf, worksIn } from './command-line.ts';

/** The process id of the copy of OrderFlow that works with this data folder now. `program` is a part of its command line. */
export function runningCopy(dataDir: string, program: string): number | undefined {
  const pid = Number(readLock(dataDir));
  return pid && pid !== process.pid && commandLineOf(pid).includes(program) ? pid : undefined;
}

/** The process ids of a Postgres and a Redis that still work on a data folder, such as just after their supervisor was killed. */
export function leftoverServers(dataDir: string): number[] {
  const servers = [
    { folder: 'postgres/cluster', pidFile: 'postgres/cluster/postmaster.pid', program: 'postgres' },
    { folder: 'redis/data', pidFile: 'redis/redis.pid', program: '-server' },
  ];
  return servers
    .map((server) => ({ ...server, pid: Number.parseInt(readOr(join(dataDir, server.pidFile), ''), 10) }))
    .filter(({ pid, program }) => commandLineOf(pid).includes(program))
    .filter(({ pid, folder }) => worksIn(pid, join(dataDir, folder)))
    .map(({ pid }) => pid);
}

/**
 * Takes the data folder for this process. Throws while another copy has it; `afterKill` tells that the last one was
 * killed before it could release, so that what it ran may still be ending.
 */
export function lockDataFolder(dataDir: string, program: string): { afterKill: boolean; release(): void } {
  const file = lockFile(dataDir);
  const other = runningCopy(dataDir, program);
  if (other) {
    throw new Error(
      `OrderFlow runs already from this folder (process ${other}). Use that one, stop it with Ctrl-C, ` +
        'or start a second copy from another clone with ORDERFLOW_PORT_BASE set.',
    );
  }
  const afterKill = readLock(dataDir) !== '';
  try {
    mkdirSync(dataDir, { recursive: true });
    rmSync(file, { force: true });
    // 'wx' fails when another one took it this very moment.
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = /^(ENOSPC|EDQUOT)/.test(reason)
      ? 'Make room on its disk.'
      : 'Start OrderFlow as the user who owns that folder.';
    throw new Error(`Cannot take ${dataDir} for this copy (${reason}). ${advice}`);
  }
  return { afterKill, release: () => rmSync(file, { force: true }) };
}

function readLock(dataDir: string): string {
  return readOr(lockFile(dataDir), '');
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function lockFile(dataDir: string): string {
  return join(dataDir, 'running.pid');
}
