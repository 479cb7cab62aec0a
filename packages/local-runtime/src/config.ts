import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * What programs started here inherit: how to find other programs, a home, a time zone. Nothing else of the caller's
 * environment, such as PGOPTIONS, NODE_OPTIONS or a locale that is not installed.
 */
export function baseEnv(): Record<string, string> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', TZ } = process.env;
  return { PATH, HOME: home(), ...(TZ ? { TZ } : {}) };
}

/** Where downloads shared by all clones of one user are kept. */
export function userCacheFolder(): string {
  const { XDG_CACHE_HOME = '' } = process.env;
  // A relative one is invalid: https://specifications.freedesktop.org/basedir-spec/latest/#variables
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(), '.cache'), 'orderflow');
}

function home(): string {
  const { HOME = '' } = process.env;
  if (isAbsolute(HOME)) return HOME;
  try {
    return userInfo().homedir;
  } catch {
    // A user id without an entry in /etc/passwd, as in some containers.
    return tmpdir();
  }
}
