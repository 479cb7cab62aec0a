import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** The user a database server runs as; undefined means the one that runs this program. */
export type Account = { uid: number; gid: number } | undefined;

const nobody = { uid: 65534, gid: 65534 };

/**
 * Postgres refuses to run as root, so root starts it as the owner of its data, or as nobody when there is none yet.
 * An ordinary user simply stays itself.
 */
export function serverAccount(dataDir: string): Account {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : nobody;
}

/** Whether `account` may enter, list and (when asked) write to a folder: tried as that user, since modes alone do not tell. */
export function canUse(folder: string, account: Account, access: 'read' | 'write'): boolean {
  const test = access === 'write' ? 'test -r "$1" && test -w "$1" && cd "$1"' : 'test -r "$1" && cd "$1"';
  const { status, error } = spawnSync('/bin/sh', ['-c', test, 'sh', folder], {
    cwd: '/',
    stdio: 'ignore',
    ...account,
  });
  if (error && account) {
    throw new Error(
      `Cannot start a program as user ${account.uid} (${error.message}). Databases do not run as root: start OrderFlow as an ordinary user.`,
    );
  }
  return status === 0;
}
