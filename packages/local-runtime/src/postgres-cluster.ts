import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { baseEnv } from './config.ts';
import { leftAsItIs } from './postgres-errors.ts';

const major = '17';

/** Makes the database files with initdb unless they are there, and gives their folder. `folder` must exist and belong to the account. */
export function ensureCluster(options: {
  binaries: string;
  folder: string;
  account: Account;
  user: string;
  password: string;
}): string {
  const cluster = join(options.folder, 'cluster');
  if (existsSync(cluster) && readdirSync(cluster).length > 0) {
    checkVersion(cluster);
    // As a backup may have it. Postgres refuses data that others might read.
    if (statSync(cluster).mode & 0o027) chmodSync(cluster, 0o700);
    return cluster;
  }

  // Made aside and moved into place, so that an initdb that was killed leaves nothing that looks finished.
  const draft = `${cluster}.new`;
  const passwordFile = join(options.folder, 'initdb-password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (options.account) {
    for (const path of [draft, passwordFile]) chownSync(path, options.account.uid, options.account.gid);
  }
  const result = spawnSync(
    join(options.binaries, 'bin', 'initdb'),
    [
      ...['-D', draft, '-U', options.user, '--pwfile', passwordFile],
      ...['--encoding', 'UTF8', '--locale', 'C', '--auth', 'scram-sha-256'],
      // A new segment is filled with zeros and flushed while commits wait: one of 16 MB, as it comes, took 100 ms on a
      // busy disk, every other second until a first checkpoint leaves old ones to be used again. It comes soon: with
      // these, initdb sets 64 MB of log between checkpoints, not 1 GB, and orders wait less for that too (measured).
      ...['--wal-segsize', '1'],
    ],
    { cwd: '/', env: { ...baseEnv(), LC_ALL: 'C' }, encoding: 'utf8', ...options.account },
  );
  rmSync(passwordFile);
  if (result.status !== 0) {
    const said = result.error?.message ?? result.stderr;
    const advice = /No space left|quota exceeded/i.test(said)
      ? 'Make room on its disk.'
      : /effective user ID/.test(said)
        ? 'Postgres runs only for users with an entry in /etc/passwd: start OrderFlow as such a user.'
        : 'Mend what it names and start again.';
    throw new Error(`initdb could not make a database in ${draft}:\n${said}\n${advice}`);
  }
  renameSync(draft, cluster);
  return cluster;
}

function checkVersion(cluster: string): void {
  const versionFile = join(cluster, 'PG_VERSION');
  const made = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : '';
  if (made === major) return;
  if (/^\d+$/.test(made)) {
    throw new Error(
      `${cluster} was made by Postgres ${made}, this is ${major}. Run "npm run reset" to begin with empty data.`,
    );
  }
  throw new Error(`Postgres cannot start: ${versionFile} is missing or damaged.\n${leftAsItIs(cluster)}`);
}

/**
 * Gives the superuser another password while no server runs, for when the one of initdb is lost. Throws what Postgres says.
 * https://www.postgresql.org/docs/17/app-postgres.html#APP-POSTGRES-SINGLE-USER
 */
export function resetPassword(options: {
  binaries: string;
  cluster: string;
  account: Account;
  user: string;
  password: string;
  env: Record<string, string>;
}): void {
  const { binaries, cluster, account, user, password, env } = options;
  const { status, stdout, stderr, error } = spawnSync(
    join(binaries, 'bin', 'postgres'),
    ['--single', '-D', cluster, 'postgres'],
    {
      cwd: '/',
      env,
      encoding: 'utf8',
      // A secret has no quotes.
      input: `ALTER ROLE ${user} PASSWORD '${password}'\n`,
      ...account,
    },
  );
  // A statement that fails does not change the exit code.
  if (status === 0 && !/\b(ERROR|FATAL|PANIC)\b/.test(stderr)) return;
  throw new Error(
    `The password of ${cluster} could not be set anew:\n${error?.message ?? stderr + stdout}\n${leftAsItIs(cluster)}`,
  );
}
