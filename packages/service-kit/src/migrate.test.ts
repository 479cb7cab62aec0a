import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { isDatabaseUnavailable } from './database-errors.ts';
import { migrate } from './migrate.ts';

/** A folder of migrations, by name. */
async function folderOf(migrations: Record<string, string>): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'orderflow-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), sql);
  }
  await writeFile(join(folder, 'migration_lock.toml'), 'provider = "postgresql"');
  return pathToFileURL(`${folder}/`);
}

async function emptyDatabase() {
  const db = await testDatabase([]);
  const { log, lines } = testScope();
  const run = (...folders: URL[]) => migrate({ url: db.url, folders, log });
  const applied = async () =>
    (
      await db.query<{ name: string }>(
        `SELECT migration_name AS name FROM _prisma_migrations
         WHERE finished_at IS NOT NULL AND applied_steps_count = 1 ORDER BY started_at, migration_name`,
      )
    ).map(({ name }) => name);
  const logged = () => lines.map((line) => line.migration);
  return { db, run, applied, logged };
}

const steps = {
  '2_add': 'ALTER TABLE things ADD COLUMN name text; ALTER TABLE things ADD COLUMN size int;',
  '1_make': 'CREATE TABLE things (id int PRIMARY KEY);',
  '10_last': "INSERT INTO things VALUES (1, 'one', 1);",
};

test('folders are applied one after the other, the migrations of each by name, and each is logged', async () => {
  const { db, run, applied, logged } = await emptyDatabase();
  const other = await folderOf({ '0_other': 'CREATE TABLE other AS SELECT count(*) AS things FROM things' });
  // As Prisma does: names are compared as text, which is why they begin with a time.
  const { '10_last': last, ...rest } = steps;
  await run(await folderOf({ ...rest, '3_last': last }), other);
  expect(logged()).toEqual(['1_make', '2_add', '3_last', '0_other']);
  expect((await applied()).sort()).toEqual(['0_other', '1_make', '2_add', '3_last']);
  expect(await db.query('SELECT * FROM other')).toEqual([{ things: 1 }]);
});

test('replicas that start at once apply everything once', async () => {
  const { db, run, logged } = await emptyDatabase();
  const folder = await folderOf({
    '1_make': 'CREATE TABLE things (n int); SELECT pg_sleep(0.1)',
    '2_fill': 'INSERT INTO things VALUES (1)',
  });
  await Promise.all([run(folder), run(folder), run(folder)]);
  expect(logged()).toEqual(['1_make', '2_fill']);
  expect(await db.query('SELECT n FROM things')).toEqual([{ n: 1 }]);
});

test('what is applied already is passed over, and what is new is added', async () => {
  const { run, logged } = await emptyDatabase();
  await run(await folderOf({ '1_make': steps['1_make'] }));
  await run(await folderOf({ '1_make': steps['1_make'], '2_add': steps['2_add'] }));
  expect(logged()).toEqual(['1_make', '2_add']);
});

test('a migration that was changed after it was applied is refused, and nothing after it is applied', async () => {
  const { run, logged } = await emptyDatabase();
  await run(await folderOf({ '1_make': steps['1_make'] }));
  const changed = await folderOf({ '1_make': `${steps['1_make']} --`, '2_add': steps['2_add'] });
  await expect(run(changed)).rejects.toThrow(/1_make was changed/);
  expect(logged()).toEqual(['1_make']);
});

test('a migration that fails leaves nothing of itself, says its name, and can be corrected', async () => {
  const { db, run, applied } = await emptyDatabase();
  const folder = (second: string) => folderOf({ '1_make': steps['1_make'], '2_add': second });
  await expect(run(await folder('ALTER TABLE things ADD COLUMN a int; SELECT nonsense'))).rejects.toThrow(
    /2_add.*nonsense/,
  );
  expect(await applied()).toEqual(['1_make']);
  expect(await db.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'a'")).toEqual([]);
  await run(await folder('ALTER TABLE things ADD COLUMN b int'));
  expect(await applied()).toEqual(['1_make', '2_add']);
});

test('a migration and the note of it commit together or not at all', async () => {
  const { db, run, applied } = await emptyDatabase();
  const unnotable = 'CREATE TABLE things (); DROP TABLE _prisma_migrations';
  await expect(run(await folderOf({ '1_make': unnotable }))).rejects.toThrow('_prisma_migrations');
  expect(await applied()).toEqual([]);
  await expect(db.query('SELECT 1 FROM things')).rejects.toThrow('does not exist');
});

test('a migration over a connection that falls silent ends with an error; one that only takes long does not', async () => {
  const { db, run, applied } = await emptyDatabase();
  const relay = await testRelay(targetOf(db.url));
  const slow = await folderOf({ '1_slow': 'SELECT pg_sleep(1)' });
  const migration = () =>
    migrate({ url: throughRelay(db.url, relay), folders: [slow], log: silentLog, lookEveryMs: 100 });
  const cut = migration().catch((error: Error) => error);
  const sleeping = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)' AND state = 'active'";
  await eventually(async () => expect(await db.query(sleeping)).toHaveLength(1));
  relay.fallSilent();
  expect(isDatabaseUnavailable((await cut)?.cause)).toBe(true);
  // Postgres does not know that nobody is there any more: TCP tells it, which a relay cannot show.
  await db.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'",
  );
  await migration();
  expect(await applied()).toEqual(['1_slow']);
  await run(slow);
});

test('a server that takes the connection and says nothing counts as one that is away: a start waits for it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `postgres://nobody:secret@127.0.0.1:${port}/none`;
  const error = await migrate({ url, folders: [], log: silentLog }).catch((error: unknown) => error);
  expect(isDatabaseUnavailable(error)).toBe(true);
}, 15_000);
