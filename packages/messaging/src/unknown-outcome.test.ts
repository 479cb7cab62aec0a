import { createDatabase } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { commitCutter } from '@orderflow/testing/commit-cutter';
import { testDatabase } from '@orderflow/testing/database';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, onTestFinished, test } from 'vitest';
import { answerOnce, send } from './idempotency.ts';
import { messagingMigrations } from './migrations.ts';

/** An app whose one route adds to a sum, which would not be the same twice, by a way on which commits may be cut. */
async function anApp() {
  const direct = await testDatabase([messagingMigrations]);
  await direct.query('CREATE TABLE account AS SELECT 0 AS balance');
  const cutter = await commitCutter(direct.url);
  const db = createDatabase({ url: cutter.url, service: 'app', log: silentLog, max: 2 });
  onTestFinished(() => db.close());
  const app = createHttpApp({
    ...testScope(),
    auth: testAuth,
    routes: (app) => {
      app.post('/deposits', async (req, res) => {
        const reply = await answerOnce(db, req, async (tx) => {
          const [row] = await tx.query<{ balance: number }>(
            'UPDATE account SET balance = balance + $1::int RETURNING balance',
            [req.body.amount],
          );
          return { status: 201, body: row };
        });
        send(res, reply);
      });
    },
  });
  const deposit = (key?: string) => {
    const asked = request(app).post('/deposits');
    return (key === undefined ? asked : asked.set('idempotency-key', key)).send({ amount: 5 });
  };
  const balance = async () =>
    (await direct.query<{ balance: number }>('SELECT balance FROM account'))[0]!.balance;
  return { direct, cutter, deposit, balance };
}

test.each([
  ['before', 'k-1'],
  ['after', 'k-1'],
  ['before', undefined],
  ['after', undefined],
] as const)('work whose connection breaks %s its commit is done once (key: %s)', async (moment, key) => {
  const { cutter, deposit, balance } = await anApp();
  cutter.cut(moment, 'after', 'before');
  const answer = await deposit(key).expect(201);
  expect(answer.body).toEqual({ balance: 5 });
  expect(await balance()).toBe(5);
});

test.each(['k-1', undefined])(
  'while it stays unknown whether work was done, its key is named, and finds out later (key: %s)',
  async (given) => {
    const { cutter, deposit, balance } = await anApp();
    cutter.cutAndLeave('after');
    const unknown = await deposit(given).expect(503);
    expect(unknown.body.code).toBe('outcome_unknown');
    const key = unknown.headers['idempotency-key']!;
    if (given) expect(key).toBe(given);
    cutter.comeBack();
    const again = await deposit(key).expect(201);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual({ balance: 5 });
    expect(await balance()).toBe(5);
  },
);

test('while the lost session still commits, the repeated request waits for what comes of it', async () => {
  const { direct, cutter, deposit, balance } = await anApp();
  // The commit of the first session takes a second, in which its client is gone.
  await direct.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$`);
  await direct.query(`
    CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  cutter.cut('while');
  await deposit().expect(201);
  expect(await balance()).toBe(5);
});
