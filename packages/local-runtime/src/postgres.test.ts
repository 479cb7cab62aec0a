import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@orderflow/testing/eventually';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './fixtures/fake-checkout.ts';
import { createDatabase, startPostgres } from './postgres.ts';

async function start(options: { dataDir?: string; port?: number; keepUp?: boolean } = {}) {
  const server = await startPostgres({ dataDir: temporaryFolder(), port: 0, log: () => {}, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const byTcp = (url: string) => url.replace(/\?.*/, '');

test('Postgres serves with full durability, on loopback and a Unix socket only', async () => {
  const dataDir = temporaryFolder();
  const server = await start({ dataDir });
  const settings = await query(
    server.url(),
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'listen_addresses', 'max_connections', 'unix_socket_directories') order by name`,
  );
  expect(settings.map(({ setting }) => setting)).toEqual(['on', '127.0.0.1', '300', 'on', `"${dataDir}"`]);
});

test('its addresses lead through the socket and, without their parameter, through TCP; both want the password', async () => {
  const server = await start();
  const whence = "select coalesce(host(inet_client_addr()), 'socket') as whence";
  expect(await query(server.url(), whence)).toEqual([{ whence: 'socket' }]);
  expect(await query(byTcp(server.url()), whence)).toEqual([{ whence: '127.0.0.1' }]);
  const wrong = server.url('postgres', { user: 'postgres', password: 'wrong' });
  for (const url of [wrong, byTcp(wrong)]) {
    await expect(query(url, 'select 1')).rejects.toThrow('password authentication failed');
  }
});

test('the socket is for nobody but the user of the server', async () => {
  const dataDir = temporaryFolder();
  const { port } = await start({ dataDir });
  const { mode, uid } = lstatSync(join(dataDir, `.s.PGSQL.${port}`));
  expect(mode & 0o777).toBe(0o700);
  expect(uid).toBe(lstatSync(join(dataDir, 'cluster')).uid);
});

test('where the path is too long for a socket Postgres serves by TCP alone', async () => {
  const server = await start({ dataDir: join(temporaryFolder(), 'long'.repeat(20)) });
  expect(server.url()).toBe(byTcp(server.url()));
  expect(await query(server.url(), 'select 42 as answer')).toEqual([{ answer: 42 }]);
});

test('a folder may have any characters in its name', async () => {
  const dataDir = join(temporaryFolder(), 'it\'s "a" 50% \\ $HOME `x` #1 ü');
  const server = await start({ dataDir });
  const whence = "select coalesce(host(inet_client_addr()), 'socket') as whence";
  expect(await query(server.url(), whence)).toEqual([{ whence: 'socket' }]);
});

test('what was committed outlives a SIGKILL of Postgres, on the same port', async () => {
  const server = await start();
  await query(server.url(), 'create table note as select 42 as answer');
  const killed = server.pid;
  server.kill('SIGKILL');
  expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
  await server.restart();
  expect(server.pid).not.toBe(killed);
  expect(await query(server.url(), 'select answer from note')).toEqual([{ answer: 42 }]);
});

test('a Postgres that is kept up comes back by itself, and stays down once it is stopped', async () => {
  const server = await start({ keepUp: true });
  const killed = server.pid;
  server.kill('SIGKILL');
  await eventually(() => expect(server.running && server.pid !== killed).toBe(true));
  // Through the socket, whose file the killed one left behind.
  expect(await query(server.url(), 'select 42 as answer')).toEqual([{ answer: 42 }]);
  await server.stop();
  expect(server.running).toBe(false);
});

test('a password that a power cut left empty is made anew, and the data is kept', async () => {
  const dataDir = temporaryFolder();
  const first = await start({ dataDir });
  await query(first.url(), 'create table note as select 42 as answer');
  await first.stop();
  writeFileSync(join(dataDir, 'password'), '');
  const second = await start({ dataDir });
  expect(second.password).toHaveLength(43);
  expect(await query(second.url(), 'select answer from note')).toEqual([{ answer: 42 }]);
  await second.stop();
  const third = await start({ dataDir });
  expect(third.password).toBe(second.password);
  await query(third.url(), 'select 1');
});

test('a second Postgres on the same data is refused, naming the first', async () => {
  const dataDir = temporaryFolder();
  const first = await start({ dataDir });
  await expect(start({ dataDir })).rejects.toThrow(
    new RegExp(`in use by another Postgres \\(process ${first.pid}\\)`),
  );
  expect(await query(first.url(), 'select 42 as answer')).toEqual([{ answer: 42 }]);
});

test('a taken port is refused, naming it and what to set', async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(new RegExp(`Port ${port} is taken.*PORT_POSTGRES`));
});

test('each database is for its own role only, and making it again only changes the password', async () => {
  const server = await start();
  for (const name of ['mine', 'theirs'])
    await createDatabase(server, { name, owner: name, password: 'first' });
  await createDatabase(server, { name: 'mine', owner: 'mine', password: 'second' });
  const url = (password: string, database: string) => server.url(database, { user: 'mine', password });

  expect(await query(url('second', 'mine'), 'select current_user as name')).toEqual([{ name: 'mine' }]);
  await expect(query(url('first', 'mine'), 'select 1')).rejects.toThrow('password authentication failed');
  await expect(query(url('second', 'theirs'), 'select 1')).rejects.toThrow('permission denied for database');
});
