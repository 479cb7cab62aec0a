import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { baseEnv } from './config.ts';
import { programFolder } from './folders.ts';
import type { RedisBinary } from './redis-binary.ts';

type Options = {
  account: Account;
  log: (line: string) => void;
  programs: string[];
  works: (binary: RedisBinary) => boolean;
};

/**
 * A private copy of the distribution's Redis or Valkey in the cache folder: its package and those of the libraries that are
 * not installed are downloaded with apt (which checks their signatures) and unpacked. Needs no root and leaves the
 * system as it is.
 */
export function redisFromApt(options: Options): RedisBinary | { problem: string } {
  const cache = programFolder(options.account);
  for (const program of options.programs) {
    const cached = binaryIn(join(cache, program), program);
    if (options.works(cached)) return cached;
  }

  options.log(
    'Redis is not installed: fetching the package of your distribution into a private folder (once) …',
  );
  const draft = mkdtempSync(join(cache, 'fetch-'));
  // mkdtemp makes it private, but the program is tried as the account.
  chmodSync(draft, 0o755);
  const problems: string[] = [];
  try {
    // The system's package lists may be missing or older than what the mirror still has: then with lists of our own.
    for (const lists of [systemLists, ownLists]) {
      const aptOptions = lists(draft);
      for (const program of options.programs) {
        const unpacked = join(draft, program);
        const problem = fetchPackage({ program, unpacked, aptOptions });
        const binary = binaryIn(unpacked, program);
        if (!problem && options.works(binary)) {
          return moveIntoPlace({ ...options, unpacked, target: join(cache, program), program });
        }
        problems.push(
          `${program}: ${problem ?? 'the package of your distribution is older than 7.0 or does not run'}`,
        );
      }
    }
    return { problem: [...new Set(problems)].join('\n') };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function systemLists(draft: string): string[] {
  return [
    '-o',
    'Debug::NoLocking=1',
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    `Dir::Cache=${join(draft, 'cache')}`,
  ];
}

function ownLists(draft: string): string[] {
  const lists = join(draft, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const aptOptions = [...systemLists(draft), '-o', `Dir::State::lists=${lists}`];
  // One broken source of many is no reason to stop; whether the package can be had is seen when it is asked for.
  runApt(['update', ...aptOptions], draft);
  return aptOptions;
}

/** Gives what went wrong, or undefined. */
function fetchPackage(options: {
  program: string;
  unpacked: string;
  aptOptions: string[];
}): string | undefined {
  const { program, unpacked, aptOptions } = options;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  const plan = runApt(['install', '--simulate', '--no-install-recommends', program, ...aptOptions], unpacked);
  if (plan.status !== 0) return plan.message;
  const packages = plan.stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm);
  const names = [...packages].map(([, name, version]) => `${name}=${version}`);
  const download = runApt(['download', ...names, ...aptOptions], unpacked);
  if (download.status !== 0) return download.message;
  for (const file of readdirSync(unpacked).filter((name) => name.endsWith('.deb'))) {
    const { status, stderr } = spawnSync('dpkg-deb', ['-x', file, unpacked], {
      cwd: unpacked,
      encoding: 'utf8',
      env: baseEnv(),
    });
    if (status !== 0) return stderr;
    rmSync(join(unpacked, file));
  }
  return undefined;
}

function runApt(args: string[], cwd: string): { status: number | null; stdout: string; message: string } {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...baseEnv(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  const errors = (stderr ?? '').split('\n').filter((line) => line.startsWith('E: '));
  return { status, stdout: stdout ?? '', message: errors.join(' ') || `apt-get ${args[0]} failed` };
}

function binaryIn(folder: string, program: string): RedisBinary {
  const libraries = ['usr/lib', 'lib'].flatMap((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    return [
      path,
      ...readdirSync(path)
        .filter((entry) => entry.includes('-linux-'))
        .map((entry) => join(path, entry)),
    ];
  });
  return { command: join(folder, 'usr/bin', program), libraryPath: libraries.join(':') };
}

function moveIntoPlace(options: {
  unpacked: string;
  target: string;
  program: string;
  works: Options['works'];
}): RedisBinary {
  const { unpacked, target, program } = options;
  // Another clone may have fetched it meanwhile and run it already.
  if (!options.works(binaryIn(target, program))) {
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  }
  return binaryIn(target, program);
}
