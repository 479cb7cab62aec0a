import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Account } from './account.ts';
import { commandLineOf } from './command-line.ts';
import { baseEnv } from './config.ts';
import { redisFromApt } from './redis-from-apt.ts';

/** A server program and, for a private copy, where its libraries are. */
export type RedisBinary = { command: string; libraryPath?: string };

const programs = ['redis-server', 'valkey-server'];
const oldestMajor = 7;

const howToGetOne =
  `OrderFlow needs Redis or Valkey ${oldestMajor} or newer. Install one so that redis-server or valkey-server is on the PATH ` +
  '(Debian, Ubuntu: apt install redis-server; Fedora: dnf install valkey; macOS: brew install redis), or set REDIS_URL to one that runs.';

/**
 * Finds a Redis or Valkey ≥ 7.0: on the PATH, else a private copy of the distribution's package (Debian, Ubuntu; nothing
 * is installed into the system), else Homebrew's (macOS). Throws what to do when there is none.
 */
export async function redisBinary(options: {
  account: Account;
  log: (line: string) => void;
}): Promise<RedisBinary> {
  const works = (binary: RedisBinary) => (majorVersion(binary, options.account) ?? 0) >= oldestMajor;
  const onPath = findOnPath(works);
  if (onPath) return onPath;

  const problems: string[] = [];
  if (process.platform === 'linux' && hasProgram('apt-get') && hasProgram('dpkg-deb')) {
    const found = redisFromApt({ ...options, programs, works });
    if ('command' in found) return found;
    problems.push(found.problem);
  }
  if (process.platform === 'darwin' && hasProgram('brew')) {
    options.log('Redis is not installed: running "brew install redis" …');
    const { stderr } = spawnSync('brew', ['install', 'redis'], { encoding: 'utf8', env: baseEnv() });
    const installed = findOnPath(works);
    if (installed) return installed;
    problems.push(`brew install redis: ${stderr.trim()}`);
  }
  throw new Error([howToGetOne, ...problems].join('\n'));
}

function findOnPath(works: (binary: RedisBinary) => boolean): RedisBinary | undefined {
  return searchPath()
    .flatMap((folder) => programs.map((program) => ({ command: join(folder, program) })))
    .find((binary) => existsSync(binary.command) && works(binary));
}

function hasProgram(name: string): boolean {
  return searchPath().some((folder) => existsSync(join(folder, name)));
}

function searchPath(): string[] {
  // Where Homebrew and the system keep servers, though a user's PATH may leave them out.
  return [
    ...(baseEnv().PATH ?? '').split(delimiter),
    '/usr/local/bin',
    '/opt/homebrew/bin',
    '/usr/sbin',
  ].filter(Boolean);
}

/** Asked as the account that will run it: a program it cannot reach is of no use. */
function majorVersion(binary: RedisBinary, account: Account): number | undefined {
  const { stdout } = spawnSync(binary.command, ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    env: { ...baseEnv(), ...(binary.libraryPath ? { LD_LIBRARY_PATH: binary.libraryPath } : {}) },
    ...account,
  });
  const match = / v=(\d+)\./.exec(stdout ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Whether a process id belongs to a Redis or Valkey that runs. */
export function isRedisProcess(pid: number): boolean {
  return programs.some((program) => commandLineOf(pid).includes(program));
}
