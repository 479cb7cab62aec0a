import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { baseEnv } from './config.ts';

/** The command line of a process that runs, for telling it from a later one with the same id; empty when there is none. */
export function commandLineOf(pid: number): string {
  // Slim images have no ps.
  if (!existsSync('/proc/self/cmdline')) {
    return (
      spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8', env: baseEnv() }).stdout ?? ''
    );
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/**
 * Whether a process works in this folder; true as well where the system does not tell (without /proc), undefined when
 * it is another user's, of whom the system does not tell.
 */
export function worksIn(pid: number, folder: string): boolean | undefined {
  if (!existsSync('/proc/self/cwd')) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false;
  }
}
