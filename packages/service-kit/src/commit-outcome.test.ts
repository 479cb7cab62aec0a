import { commitCutter, type Moment } from '@orderflow/testing/commit-cutter';
import { testDatabase } from '@orderflow/testing/database';
import { silentLog } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase, type Transaction } from './database.ts';
import { databaseAnswer, OutcomeUnknownError } from './database-errors.ts';

const note = "INSERT INTO notes VALUES ('a')";

async function withCutter() {
  const direct = await testDatabase([]);
  await direct.query('CREATE TABLE notes (text text UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  const cutter = await commitCutter(direct.url);
  const db = createDatabase({ url: cutter.url, service: 'cut', log: silentLog, max: 2 });
  onTestFinished(() => db.close());
  return { direct, db, cutter };
}

const writers: [string, (tx: Transaction) => Promise<void>][] = [
  ['waits for its statements', async (tx) => void (await tx.query(note))],
  ['sends its statements with the commit', async (tx) => tx.send(note)],
];

const cases = writers.flatMap(([how, write]) =>
  (['before', 'after'] as Moment[]).map((moment) => ({ how, write, moment })),
);

test.each(cases)(
  'a transaction that $how, cut off $moment its commit, has an unknown outcome, and its effects do not happen',
  async ({ write, moment }) => {
    const { direct, db, cutter } = await withCutter();
    cutter.cut(moment);
    let effects = 0;
    const error = await db
      .transaction(async (tx) => {
        tx.afterCommit(() => {
          effects += 1;
        });
        await write(tx);
      })
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(databaseAnswer(error)).toBe('wait');
    expect(effects).toBe(0);
    expect(await direct.query('SELECT count(*) AS n FROM notes')).toEqual([
      { n: moment === 'after' ? 1 : 0 },
    ]);
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  },
);

test('a transaction that Postgres refuses to commit, or whose connection broke before its commit, has failed', async () => {
  const { direct, db } = await withCutter();
  await direct.query(note);
  const duplicate = await db.transaction((tx) => tx.query(note)).catch((error: unknown) => error);
  expect(duplicate).toMatchObject({ code: '23505' });
  const killed = await db
    .transaction(async (tx) => {
      const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await direct.query('SELECT pg_terminate_backend($1)', [own!.pid]);
      await tx.query(note);
    })
    .catch((error: unknown) => error);
  expect(killed).not.toBeInstanceOf(OutcomeUnknownError);
  expect(databaseAnswer(killed)).toBe('wait');
});
