import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serverAccount } from './account.ts';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { createDatabase, startPostgres } from './postgres.ts';

async function start(dataDir: string) {
  const server = await startPostgres({ dataDir, port: 0, log: () => {} });
  onTestFinished(() => server.stop());
  return server;
}

/** The folder of a Postgres that was stopped. */
async function stopped() {
  const dataDir = temporaryFolder();
  const server = await start(dataDir);
  await server.stop();
  return { dataDir, cluster: join(dataDir, 'cluster'), port: server.port };
}

const damages: [what: string, damage: (cluster: string) => void, says: string][] = [
  ['no version', (at) => rmSync(join(at, 'PG_VERSION')), 'PG_VERSION is missing or damaged'],
  ['an empty version', (at) => writeFileSync(join(at, 'PG_VERSION'), ''), 'PG_VERSION is missing or damaged'],
  ['no control file', (at) => rmSync(join(at, 'global/pg_control')), 'could not open file'],
  ['an empty control file', (at) => writeFileSync(join(at, 'global/pg_control'), ''), 'could not read file'],
  ['no write-ahead log', (at) => rmSync(join(at, 'pg_wal'), { recursive: true }), 'FATAL:  required WAL'],
  ['no transactions', (at) => rmSync(join(at, 'pg_xact'), { recursive: true }), 'DETAIL:  Could not open'],
  ['a configuration of zeros', (at) => writeFileSync(join(at, 'postgresql.conf'), '\0\0'), 'contains errors'],
];

test.each(damages)(
  'with %s the start says what it found and what to do, and leaves the data as it is',
  async (_what, damage, says) => {
    const { dataDir, cluster } = await stopped();
    damage(cluster);
    const starting = start(dataDir);
    await expect(starting).rejects.toThrow(says);
    await expect(starting).rejects.toThrow(`The files in ${cluster} were left as they are`);
    await expect(starting).rejects.toThrow('npm run reset');
    expect(existsSync(join(cluster, 'base'))).toBe(true);
  },
);

test('databases whose files are gone are noticed when they are asked, with what to do', async () => {
  const { dataDir, cluster } = await stopped();
  rmSync(join(cluster, 'base'), { recursive: true });
  const server = await start(dataDir);
  const creating = createDatabase(server, { name: 'mine', owner: 'mine', password: 'secret' });
  await expect(creating).rejects.toThrow(`The files in ${cluster} were left as they are`);
});

test('data that others may read, as a backup leaves it, is closed to them', async () => {
  const { dataDir, cluster } = await stopped();
  chmodSync(cluster, 0o777);
  await start(dataDir);
  expect(lstatSync(cluster).mode & 0o777).toBe(0o700);
});

test.each([
  ['empty', ''],
  ['full of zeros', '\0'.repeat(40)],
])('lock files that a power cut left %s are not in the way', async (_what, content) => {
  const { dataDir, cluster, port } = await stopped();
  for (const file of [join(cluster, 'postmaster.pid'), join(dataDir, `.s.PGSQL.${port}.lock`)])
    writeFileSync(file, content);
  const server = await startPostgres({ dataDir, port, log: () => {} });
  onTestFinished(() => server.stop());
  expect(server.running).toBe(true);
});

test.runIf(existsSync('/proc/self/cwd'))(
  'the process id that a power cut left may be that of another program of the user: it is not in the way',
  async () => {
    const { dataDir, cluster, port } = await stopped();
    const program = spawn('sleep', ['60'], { ...serverAccount(dataDir), cwd: '/', stdio: 'ignore' });
    onTestFinished(() => void program.kill());
    for (const file of [join(cluster, 'postmaster.pid'), join(dataDir, `.s.PGSQL.${port}.lock`)])
      writeFileSync(file, `${program.pid}\n${cluster}\n1\n${port}\n${dataDir}\n127.0.0.1\n  1 1\nready   \n`);
    const server = await startPostgres({ dataDir, port, log: () => {} });
    onTestFinished(() => server.stop());
    expect(server.running).toBe(true);
  },
);
