/** What a person can do when Postgres does not take its data. Nothing here changes or deletes it. */
export const leftAsItIs = (cluster: string): string =>
  `The files in ${cluster} were left as they are. If there is a backup of that folder, put it in its place. ` +
  'To begin with empty data run "npm run reset"; copy the folder first if you may need it.';

const reasons: [
  pattern: RegExp,
  explain: (at: { port: number; cluster: string; found: string }) => string,
][] = [
  [
    /could not bind .*Address already in use/s,
    ({ port }) =>
      `Port ${port} is taken, Postgres needs it. Stop what listens there, or set PORT_POSTGRES to a free port.`,
  ],
  [
    /lock file "postmaster.pid" already exists[\s\S]*?PID (\d+)/,
    ({ cluster, found }) =>
      `The data in ${cluster} is in use by another Postgres (process ${found}). Stop that copy of OrderFlow first.`,
  ],
  [
    /No space left on device|Disk quota exceeded/,
    ({ cluster }) => `Postgres cannot start: there is no room on the disk of ${cluster}. Make room there.`,
  ],
  [
    /could not (?:create|map|resize) .*shared memory/,
    () =>
      'Postgres cannot start: the system gives it no shared memory. Give it more memory, or more in /dev/shm.',
  ],
];

/** Makes an error that says what to do from the log of a Postgres that ended while it started. */
export function explainPostgres(log: string, { port, cluster }: { port: number; cluster: string }): Error {
  for (const [pattern, explain] of reasons) {
    const match = pattern.exec(log);
    if (match) return new Error(explain({ port, cluster, found: match[1] ?? '' }));
  }
  const why = log.split('\n').filter((line) => /(?:FATAL|PANIC|DETAIL): /.test(line));
  const words =
    why.length > 0 ? why.map((line) => line.replace(/^.*?(?=FATAL|PANIC|DETAIL)/, '')).join('\n') : log;
  return new Error(`Postgres cannot start with its data:\n${words}\n${leftAsItIs(cluster)}`);
}

/** Of damaged files: https://www.postgresql.org/docs/17/errcodes-appendix.html. The database that is asked always exists. */
const damageCodes = ['3D000', '58P01', '58030', 'XX001', 'XX002'];

/** An error of a statement, with what to do where it says that files of the database are damaged. */
export function explainStatement(error: Error & { code?: string; detail?: string }, cluster: string): Error {
  if (!damageCodes.includes(error.code ?? '')) return error;
  const words = [error.message, error.detail].filter(Boolean).join('\n');
  return new Error(`Postgres cannot use its data:\n${words}\n${leftAsItIs(cluster)}`);
}
