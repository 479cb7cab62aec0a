import { testDatabaseUrl } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { silentLog } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase } from './database.ts';
import { isDatabaseUnavailable } from './database-errors.ts';

const limitMs = 15_000;

async function databaseBehindRelay({ timeoutMs = 200, max = 4 } = {}) {
  const url = await testDatabaseUrl([]);
  const relay = await testRelay(targetOf(url));
  const db = createDatabase({
    url: throughRelay(url, relay),
    service: 'test',
    log: silentLog,
    max,
    timeoutMs,
  });
  onTestFinished(() => db.close());
  return { db, relay };
}

type Db = Awaited<ReturnType<typeof databaseBehindRelay>>['db'];

const one = (db: Db) => db.query('SELECT 1 AS one');
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error) => error,
  );

const asked: [string, (db: Db, fallSilent: () => void) => Promise<unknown>][] = [
  [
    'a query',
    (db, fallSilent) => {
      fallSilent();
      return one(db);
    },
  ],
  [
    'the first statement of a transaction',
    (db, fallSilent) => {
      fallSilent();
      return db.transaction((tx) => tx.query('SELECT 1'));
    },
  ],
  [
    'a commit',
    (db, fallSilent) =>
      db.transaction(async (tx) => {
        await tx.query('SELECT 1');
        fallSilent();
      }),
  ],
  [
    'a rollback',
    (db, fallSilent) =>
      db.transaction(async (tx) => {
        await tx.query('SELECT 1');
        fallSilent();
        throw Object.assign(new Error('changed my mind'), { code: 'ETIMEDOUT' });
      }),
  ],
];

test(
  `what Postgres does not answer fails, and its connection is not used again: ${asked.map(([what]) => what)}`,
  async () => {
    await Promise.all(
      asked.map(async ([what, ask]) => {
        const { db, relay } = await databaseBehindRelay();
        await one(db);
        const error = await failureOf(ask(db, () => expect(relay.fallSilent()).toBe(1)));
        expect([what, isDatabaseUnavailable(error)]).toEqual([what, true]);
        expect(await one(db)).toEqual([{ one: 1 }]);
      }),
    );
  },
  limitMs,
);

test(
  'when one connection is found silent, the idle ones are dropped with it',
  async () => {
    const { db, relay } = await databaseBehindRelay();
    await Promise.all(Array.from({ length: 4 }, () => db.query('SELECT pg_sleep(0.05)')));
    expect(relay.fallSilent()).toBe(4);
    expect(isDatabaseUnavailable(await failureOf(one(db)))).toBe(true);
    expect(await one(db)).toEqual([{ one: 1 }]);
    expect(db.pool.totalCount).toBe(1);
  },
  limitMs,
);

test(
  'queries that wait for a connection get one when those in use were found silent',
  async () => {
    const { db, relay } = await databaseBehindRelay({ max: 1 });
    await one(db);
    relay.fallSilent();
    const [first, second] = await Promise.all([failureOf(one(db)), one(db)]);
    expect(isDatabaseUnavailable(first)).toBe(true);
    expect(second).toEqual([{ one: 1 }]);
  },
  limitMs,
);

test('a process that was frozen while Postgres answered finds the answer, not silence', async () => {
  const { db } = await databaseBehindRelay();
  const answer = db.query('SELECT 1 AS one FROM pg_sleep(0.1)');
  await eventually(() => expect(db.pool.idleCount).toBe(0));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
  expect(await answer).toEqual([{ one: 1 }]);
});

test('Postgres is told to forget clients whose machine is lost', async () => {
  const { db } = await databaseBehindRelay();
  expect(await db.query('SHOW tcp_user_timeout')).toEqual([{ tcp_user_timeout: '25000' }]);
  expect(await db.query('SHOW tcp_keepalives_idle')).toEqual([{ tcp_keepalives_idle: '10' }]);
});
