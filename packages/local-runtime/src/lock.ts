import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandLineOf, worksIn } from './command-line.ts';

/**
 * The process id of the copy of OrderFlow that works with this data folder now. `program` is a part of its command
 * line, and it works in the folder above.
 */
export function runningCopy(dataDir: string, program: string): number | undefined {
  const pid = Number(readLock(dataDir));
  if (!pid || pid === process.pid || !commandLineOf(pid).includes(program)) return undefined;
  // After a power cut the id may be that of a copy in another folder.
  return worksIn(pid, dirname(dataDir)) === false ? undefined : pid;
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
    // Made under a lax umask, it would let others put secrets of theirs in place of ours.
    const { mode } = statSync(dataDir);
    if (mode & 0o022) chmodSync(dataDir, mode & ~0o022);
    rmSync(file, { force: true });
    // 'wx' fails when another one took it this very moment.
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    const { message, code = '' } = error as NodeJS.ErrnoException;
    throw new Error(`Cannot take ${dataDir} for this copy (${message}). ${advice[code] ?? usualAdvice}`);
  }
  return { afterKill, release: () => rmSync(file, { force: true }) };
}

const usualAdvice = 'Start OrderFlow as the user who owns that folder.';
const advice: Record<string, string> = {
  ENOSPC: 'Make room on its disk.',
  EDQUOT: 'Make room on its disk.',
  EROFS: 'Data, secrets and logs are kept there: clone OrderFlow to a disk that can be written to.',
  ENOENT: 'It is a link to nothing: make the folder that it names, or delete the link.',
  EEXIST: 'It is no folder, or another copy starts at this moment: look at it and start again.',
  ENOTDIR: 'It is no folder: move it away and start again.',
};

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
