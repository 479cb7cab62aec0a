import { createHttpApp } from '@orderflow/service-kit/http-app';
import { ProblemError } from '@orderflow/service-kit/problem';
import { testDatabase } from '@orderflow/testing/database';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { keysWalk } from './forget-old-rows.ts';
import { answerOnce, send } from './idempotency.ts';
import { messagingMigrations } from './migrations.ts';

/** An app whose one route writes a row for each request it does. */
async function anApp() {
  const db = await testDatabase([messagingMigrations]);
  await db.query('CREATE TABLE gifts (name text)');
  let held: { until: Promise<void>; begun: () => void } | undefined;
  const app = createHttpApp({
    ...testScope(),
    auth: testAuth,
    routes: (app) => {
      app.post('/gifts/:to', async (req, res) => {
        const reply = await answerOnce(db, req, async (tx) => {
          await tx.query('INSERT INTO gifts VALUES ($1)', [req.body.name]);
          held?.begun();
          await held?.until;
          if (req.body.name === 'bomb') throw new ProblemError('conflict', 'No bombs.');
          const [row] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM gifts');
          return {
            status: 201,
            headers: { location: '/gifts/1' },
            body: { given: row!.n, name: req.body.name },
          };
        });
        send(res, reply);
      });
    },
  });
  return {
    db,
    /** Holds requests up in their work; gives a promise of the first of them. */
    hold: (until: Promise<void>): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { until, begun: resolve };
      return promise;
    },
    gifts: async () => (await db.query<{ name: string }>('SELECT name FROM gifts')).map(({ name }) => name),
    give: async (body: object, key?: string, headers: object = {}, to = 'ada') =>
      request(app)
        .post(`/gifts/${to}`)
        .set({ ...(key && { 'idempotency-key': key }), ...headers })
        .send(body),
  };
}

test('the same key and body gives the first answer again, and nothing is done twice', async () => {
  const { give, gifts } = await anApp();
  const first = await give({ name: 'lamp', size: 1 }, 'k1');
  const again = await give({ size: 1, name: 'lamp' }, '"k1"');
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect(again.headers).toMatchObject({ location: '/gifts/1', 'idempotent-replayed': 'true' });
  expect(first.headers).not.toHaveProperty('idempotent-replayed');
  expect(await gifts()).toEqual(['lamp']);
});

test('without a key every request counts', async () => {
  const { give, gifts } = await anApp();
  await give({ name: 'lamp' });
  await give({ name: 'lamp' });
  expect(await gifts()).toHaveLength(2);
});

test('the same key with another body is refused', async () => {
  const { give, gifts } = await anApp();
  await give({ name: 'lamp' }, 'k1');
  const { status, body } = await give({ name: 'book' }, 'k1');
  expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  expect(await gifts()).toEqual(['lamp']);
});

test('a key is of one person and one address', async () => {
  const { give, gifts } = await anApp();
  await give({ name: 'lamp' }, 'k1', await as.customer('a@example.org'));
  await give({ name: 'book' }, 'k1', await as.customer('b@example.org'));
  await give({ name: 'cup' }, 'k1', {}, 'bob');
  expect(await gifts()).toEqual(['lamp', 'book', 'cup']);
});

test('while the first request runs, the same key is told to wait', async () => {
  const { give, gifts, hold } = await anApp();
  const released = Promise.withResolvers<void>();
  const begun = hold(released.promise);
  const first = give({ name: 'lamp' }, 'k1');
  await begun;
  expect((await give({ name: 'lamp' }, 'k1')).body.code).toBe('request_in_progress');
  released.resolve();
  expect((await first).status).toBe(201);
  expect((await give({ name: 'lamp' }, 'k1')).body).toEqual((await first).body);
  expect(await gifts()).toEqual(['lamp']);
});

test('a hundred at once with one key: one effect, and one answer beside "still running"', async () => {
  const { give, gifts } = await anApp();
  const answers = await Promise.all(Array.from({ length: 100 }, () => give({ name: 'lamp' }, 'k1')));
  expect(await gifts()).toEqual(['lamp']);
  const done = answers.filter(({ status }) => status === 201);
  expect(new Set(done.map(({ text }) => text)).size).toBe(1);
  expect(
    answers.every(({ status, headers }) => status === 201 || (status === 409 && headers['retry-after'])),
  ).toBe(true);
});

test('a request that failed did nothing: its key may be tried again', async () => {
  const { give, gifts } = await anApp();
  expect((await give({ name: 'bomb' }, 'k1')).status).toBe(409);
  expect(await gifts()).toEqual([]);
  expect((await give({ name: 'lamp' }, 'k1')).status).toBe(201);
});

test('a key is forgotten after a day, and the one after it counts again', async () => {
  const { give, gifts, db } = await anApp();
  await give({ name: 'lamp' }, 'old');
  await give({ name: 'book' }, 'young');
  await db.query(
    `UPDATE messaging.idempotency_key SET created_at = now() - interval '25 hours' WHERE key = 'old'`,
  );
  expect((await give({ name: 'cup' }, 'old')).status).toBe(201);
  expect(await gifts()).toEqual(['lamp', 'book', 'cup']);
  await db.query(
    `UPDATE messaging.idempotency_key SET created_at = now() - interval '25 hours' WHERE key = 'old'`,
  );
  await keysWalk.batch(db, keysWalk.start, 10);
  expect(await db.query('SELECT key FROM messaging.idempotency_key')).toEqual([{ key: 'young' }]);
});

test.each(['x'.repeat(256), 'two words', 'ä'])(
  'a key like "%s" is refused, and nothing is done',
  async (key) => {
    const { give, gifts } = await anApp();
    const { status, body } = await give({ name: 'lamp' }, key);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(await gifts()).toEqual([]);
  },
);
