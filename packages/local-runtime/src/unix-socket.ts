import { join } from 'node:path';

/** What sockaddr_un has room for, less the zero behind it, in bytes. */
const longestPath = (platform: NodeJS.Platform) => (platform === 'linux' ? 107 : 103);

/** The path of a Unix socket called `name` in `folder`; undefined when the system takes none that long. */
export function socketPath(
  folder: string,
  name: string,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const path = join(folder, name);
  return Buffer.byteLength(path) <= longestPath(platform) ? path : undefined;
}
