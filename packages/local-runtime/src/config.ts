import { homedir } from 'node:os';
import { join } from 'node:path';

/** What programs started here inherit: how to find other programs, a home, a time zone. Nothing else of the caller's environment. */
export function baseEnv(): Record<string, string> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = homedir(), TZ } = process.env;
  return { PATH, HOME, ...(TZ ? { TZ } : {}) };
}

/** Where downloads shared by all clones of one user are kept. */
export function userCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'orderflow');
}
