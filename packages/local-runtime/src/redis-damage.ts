import { readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What Redis and Valkey log when they cannot load what is on disk; not when they may not read it or find no room. */
const damage = [
  /reading the append only file/,
  /AOF loading aborted/,
  /AOF MANIFEST FILE ERROR/,
  /\bAOF (?:manifest )?(?:file|directory) .*(?:doesn't exist|No such file|Not a directory)/,
  /append-only dir .*Not a directory/,
  /RDB (?:reading|format version|checksum|CRC|file)|rdb file reading/,
  /Wrong signature trying to load DB|loading (?:the )?DB/,
  // Some damage makes it crash while it loads.
  /BUG REPORT END/,
];

/** How many damaged folders are kept for whoever wants to look at them. */
const KEPT = 3;

/** What a Redis that did not start logged about damage of its data; undefined when it ended for another reason. */
export function damageIn(log: string): string | undefined {
  const line = log.split('\n').find((line) => damage.some((pattern) => pattern.test(line)));
  return line?.replace(/^\d+:\w .*? # /, '');
}

/** Moves a data folder aside under a name with the time, and gives that name. The oldest ones are deleted. */
export function setAside(data: string): string {
  const prefix = `${data}-damaged-`;
  const aside = `${prefix}${new Date().toISOString().replaceAll(':', '')}`;
  renameSync(data, aside);
  const folder = dirname(data);
  const all = readdirSync(folder).filter((name) => join(folder, name).startsWith(prefix));
  for (const name of all.sort().slice(0, -KEPT)) rmSync(join(folder, name), { recursive: true });
  return aside;
}
