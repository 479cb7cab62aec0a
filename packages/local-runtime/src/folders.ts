import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Account, canUse } from './account.ts';
import { userCacheFolder } from './config.ts';

type Log = (line: string) => void;

/**
 * Makes the folder a server keeps its data in and gives its real path.
 * When root's checkout lies where the server's user cannot go (such as under /root), the data goes elsewhere and
 * `path` becomes a link to it, so that whoever deletes or looks for the data finds it.
 */
export function prepareDataFolder(options: { path: string; account: Account; log: Log }): string {
  const path = resolve(options.path);
  mkdirSync(dirname(path), { recursive: true });
  const existing = lstatSync(path, { throwIfNoEntry: false });
  const folder = existing?.isSymbolicLink() ? targetOf(path) : path;
  if (options.account) letPass(folder);
  if (tryFolder(folder, options.account)) return folder;
  if (!options.account) {
    throw new Error(
      `${path} belongs to another user. Run "npm run reset" as that user (or root), or use another clone.`,
    );
  }
  rmSync(path, { recursive: true });
  return elsewhere(path, options.account, options.log);
}

/** Tests run by root keep their data below a folder of mkdtemp, private to root: others may pass through it, not list it. */
function letPass(path: string): void {
  const [top = '..'] = relative(tmpdir(), path).split(sep);
  if (top === '..' || top === '') return;
  const folder = join(tmpdir(), top);
  const { uid, mode } = lstatSync(folder);
  const isClosed = (mode & 0o001) === 0;
  if (folder !== path && uid === process.getuid?.() && isClosed) chmodSync(folder, mode | 0o011);
}

/** A link names its target from the folder it is in. */
const targetOf = (link: string): string => resolve(dirname(link), readlinkSync(link));

function tryFolder(folder: string, account: Account): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (account) {
    chownSync(folder, account.uid, account.gid);
  } else if (statSync(folder).uid !== process.getuid?.()) {
    return false;
  }
  return canUse(folder, account, 'write');
}

function elsewhere(path: string, account: Account, log: Log): string {
  const name = `orderflow-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
  for (const folder of [join('/var/lib', name), join(tmpdir(), name)]) {
    // Without the link at `path` this can only be the data of a clone that was deleted.
    rmSync(folder, { recursive: true, force: true });
    if (!tryFolder(folder, account)) continue;
    symlinkSync(folder, path);
    log(`User ${account?.uid} cannot reach ${path}; the data is kept in ${folder}.`);
    return folder;
  }
  throw new Error(
    `User ${account?.uid} can reach neither ${path} nor ${tmpdir()}. Clone into a folder that is not private to root.`,
  );
}

/** Deletes a folder, and what the links that `prepareDataFolder` made in it point to. Throws when it belongs to another user. */
export function removeDataFolder(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(targetOf(join(path, entry.name)), { recursive: true, force: true });
  }
  try {
    rmSync(path, { recursive: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new Error(`${path} holds data of another user. Reset as that user, or as root: sudo npm run reset`);
  }
}

/** Makes a folder that only its owner may enter, and closes one that is there to others. */
export function privateFolder(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    if (statSync(path).mode & 0o077) chmodSync(path, 0o700);
  } catch (error) {
    // Another user's: it is not ours to close.
    if (!isRefusal(error)) throw error;
  }
  return path;
}

/** Makes a folder for one run where the system keeps temporary files. Throws what to do when there is no room for it. */
export function newTemporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    throw new Error(
      `No folder can be made in ${tmpdir()} (${(error as Error).message}). Make room there, or set TMPDIR to another folder that you may write to.`,
    );
  }
}

/**
 * Whether a program in this folder can be run by initdb, which names it to a shell in double quotes, and its libraries
 * be named in LD_LIBRARY_PATH.
 */
export function canHoldPrograms(folder: string): boolean {
  return !/["$`\\:\n]/.test(folder);
}

/** The first folder for downloaded or copied programs that we own and the server's user can read. */
export function programFolder(account: Account): string {
  const candidates = [
    userCacheFolder(),
    ...(account ? ['/var/cache/orderflow'] : []),
    join(tmpdir(), `orderflow-${process.getuid?.()}`),
  ];
  for (const folder of candidates.filter(canHoldPrograms)) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const { uid, mode } = lstatSync(folder);
      // Programs are run from here: a folder that others made or may write to is not trusted.
      if (uid !== process.getuid?.() || mode & 0o022) continue;
      if (account) chmodSync(folder, 0o755);
      if (canUse(folder, account, 'read')) return folder;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  throw new Error(
    `None of ${candidates.join(', ')} can be used for programs. Set XDG_CACHE_HOME to a folder of your own.`,
  );
}

/** Whether an error says that the file system does not let us write there. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(String(error.code))
  );
}
