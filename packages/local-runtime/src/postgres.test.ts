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

test('Postgres serves with full durability, on loopback only', async () => {
  const server = await start();
  const settings = await query(
    server.url(),
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'listen_addresses', 'max_connections') order by name`,
  );
  expect(settings.map(({ setting }) => setting)).toEqual(['on', '127.0.0.1', '300', 'on']);
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
  await server.stop();
  expect(server.running).toBe(false);
});

test('a second Postgres on the same data is refused, naming the first', async () => {
  const dataDir = temporaryFolder();
  const first = await start({ dataDir });
  await expect(start({ dataDir })).rejects.toThrow(
    new RegExp(`in use by another Postgres \\(process ${first.pid}\\)`),
  );
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
  const url = (password: string, database: string) =>
    `postgres://mine:${password}@127.0.0.1:${server.port}/${database}`;

  expect(await query(url('second', 'mine'), 'select current_user as name')).toEqual([{ name: 'mine' }]);
  await expect(query(url('first', 'mine'), 'select 1')).rejects.toThrow('password authentication failed');
  await expect(query(url('second', 'theirs'), 'select 1')).rejects.toThrow('permission denied for database');
});
