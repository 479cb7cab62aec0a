import { testDatabase } from '@orderflow/testing/database';
import { silentLog } from '@orderflow/testing/scope';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createDatabase, type Database, type Transaction } from './database.ts';
import { databaseAnswer } from './database-errors.ts';
import { answerToState, sqlStates } from './sql-states.ts';

type TestDatabase = Database & { url: string };

/** Another session of the same database, with its own log-in and settings. */
async function session({ url }: { url: string }, changes: Partial<Record<'user' | 'database', string>> = {}) {
  const address = new URL(url);
  if (changes.user) address.username = changes.user;
  if (changes.database) address.pathname = `/${changes.database}`;
  const client = new pg.Client({ connectionString: address.href });
  client.on('error', () => {}); // of a session that a test ends
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A role that may log in `connections` times at once. */
async function aRole(db: TestDatabase, connections: number): Promise<string> {
  const role = `role_${crypto.randomUUID().replaceAll('-', '')}`;
  const password = decodeURIComponent(new URL(db.url).password);
  await db.query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT ${connections} PASSWORD '${password}'`);
  onTestFinished(async () => {
    const admin = new pg.Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    await admin.query(`DROP ROLE ${role}`);
    await admin.end();
  });
  return role;
}

const raise = (state: string) => (db: TestDatabase) =>
  db.query(`DO $$ BEGIN RAISE EXCEPTION 'made by a test' USING ERRCODE = '${state}'; END $$`);

async function locked(db: TestDatabase, work: (tx: Transaction) => Promise<unknown>): Promise<void> {
  await db.query('CREATE TABLE numbers (n integer PRIMARY KEY, m integer)');
  await db.query('INSERT INTO numbers VALUES (1, 0), (2, 0)');
  await db.transaction(async (tx) => {
    await tx.query('UPDATE numbers SET m = 1 WHERE n = 1');
    await work(tx);
  });
}

/** Provokes an error of each row: where it can be had, by the server's own doing. */
const provoke: Record<string, (db: TestDatabase) => Promise<unknown>> = {
  '08': raise('08006'),
  '25006': (db) =>
    db.transaction(async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY');
      await tx.query('CREATE TABLE notes ()');
    }),
  // The server ends the session with this state while nobody waits for an answer.
  '25P03': async (db) => {
    const client = await session(db);
    await client.query("SET idle_in_transaction_session_timeout = '20ms'");
    const ended = new Promise((_, reject) => client.once('error', reject));
    await client.query('BEGIN');
    await ended;
  },
  '25P04': async (db) => {
    const client = await session(db);
    await client.query("SET transaction_timeout = '20ms'");
    await client.query('BEGIN');
    await client.query('SELECT pg_sleep(10)');
  },
  '28': (db) => session(db, { user: 'nobody_at_all' }),
  '3D000': (db) => session(db, { database: 'nowhere_at_all' }),
  '40001': async (db) => {
    const client = await session(db);
    await db.query('CREATE TABLE numbers AS SELECT 1 AS n');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT n FROM numbers');
    await db.query('UPDATE numbers SET n = 2');
    await client.query('UPDATE numbers SET n = 3');
  },
  '40003': raise('40003'),
  '40P01': async (db) => {
    const other = await session(db);
    await locked(db, async (tx) => {
      await tx.query("SET deadlock_timeout = '20ms'");
      await other.query("BEGIN; SET LOCAL deadlock_timeout = '20ms'; UPDATE numbers SET m = 2 WHERE n = 2");
      const crossing = other.query('UPDATE numbers SET m = 2 WHERE n = 1');
      await Promise.all([crossing, tx.query('UPDATE numbers SET m = 1 WHERE n = 2')]);
    });
  },
  '53': raise('53000'),
  '53100': raise('53100'),
  '53200': raise('53200'),
  '53300': async (db) => session(db, { user: await aRole(db, 0) }),
  '53400': async (db) => {
    const client = await session(db);
    await client.query("SET temp_file_limit = '64kB'");
    await client.query("SET work_mem = '64kB'");
    await client.query('SELECT n FROM generate_series(1, 200000) AS n ORDER BY n DESC');
  },
  '55P03': (db) =>
    locked(db, async () => {
      const client = await session(db);
      await client.query("SET lock_timeout = '20ms'");
      await client.query('UPDATE numbers SET m = 2 WHERE n = 1');
    }),
  '57': raise('57000'),
  '57014': async (db) => {
    const impatient = createDatabase({ url: db.url, service: 'other', log: silentLog, timeoutMs: 20 });
    onTestFinished(() => impatient.close());
    await impatient.query('SELECT pg_sleep(10)');
  },
  '57P01': async (db) => {
    const client = await session(db);
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const sleeping = client.query('SELECT pg_sleep(10)');
    await Promise.all([sleeping, db.query('SELECT pg_terminate_backend($1)', [rows[0].pid])]);
  },
  '57P02': raise('57P02'),
  '57P03': raise('57P03'),
  '57P04': raise('57P04'),
  '57P05': async (db) => {
    const client = await session(db);
    const ended = new Promise((_, reject) => client.once('error', reject));
    await client.query("SET idle_session_timeout = '20ms'");
    await ended;
  },
  '58': raise('58030'),
  XX: raise('XX001'),
};

test.each(sqlStates)('$state ($name) is answered: $answer', async ({ state, answer }) => {
  const db = await testDatabase([]);
  const error = await provoke[state]!(db).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: expect.stringMatching(`^${state}`) });
  expect(databaseAnswer(error)).toBe(answer);
});

test('each row of the table is provoked, and no other', () => {
  expect(Object.keys(provoke).sort()).toEqual(sqlStates.map(({ state }) => state).sort());
});

test('what the statement or its data is to blame for fails', async () => {
  const db = await testDatabase([]);
  for (const state of ['22P02', '23505', '25P02', '42P01', '54000', '55000', 'P0001']) {
    const error = await raise(state)(db).catch((error: unknown) => error);
    expect([state, databaseAnswer(error)]).toEqual([state, 'fail']);
  }
});

test('a code that is no SQLSTATE has no row, and the longest row counts', () => {
  expect(answerToState('EPIPE')).toBeUndefined();
  expect(answerToState('ENOENT')).toBeUndefined();
  expect(answerToState('57014')).toBe('set aside');
  expect(answerToState('57099')).toBe('wait');
});
