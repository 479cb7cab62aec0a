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
    app,
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

test('a key is of one person and one operation', async () => {
  const { give, gifts } = await anApp();
  await give({ name: 'lamp' }, 'k1', await as.customer('a@example.org'));
  await give({ name: 'book' }, 'k1', await as.customer('b@example.org'));
  await give({ name: 'cup' }, 'k1', {}, 'bob');
  expect(await gifts()).toEqual(['lamp', 'book', 'cup']);
});

const spellings = ['/gifts/ada', '/gifts/ada/', '/GIFTS/ada', '/Gifts/%61da'];

test('an address is one operation however it is spelled, one by one and all at once', async () => {
  const { app, gifts } = await anApp();
  const give = (path: string, key: string) =>
    request(app).post(path).set('idempotency-key', key).send({ name: 'lamp' });
  const answers = [];
  for (const path of spellings) answers.push(await give(path, 'k1'));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const atOnce = await Promise.all([...spellings, ...spellings].map((path) => give(path, 'k2')));
  expect(atOnce.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
  expect(await gifts()).toEqual(['lamp', 'lamp']);
});

test('an id in capitals is the same id', async () => {
  const { app, gifts } = await anApp();
  const id = '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10';
  for (const path of [`/gifts/${id}`, `/gifts/${id.toUpperCase()}`]) {
    await request(app).post(path).set('idempotency-key', 'k1').send({ name: 'lamp' }).expect(201);
  }
  expect(await gifts()).toEqual(['lamp']);
});

test('what a replica of the last release kept under an address is found there, and it finds what is kept now', async () => {
  const { app, db, gifts } = await anApp();
  const give = (path: string) =>
    request(app).post(path).set('idempotency-key', 'k1').send({ name: 'lamp' }).expect(201);
  const first = await give('/GIFTS/ada/');
  const scopes = await db.query<{ scope: string }>(
    'SELECT scope FROM messaging.idempotency_key ORDER BY scope COLLATE "C"',
  );
  expect(scopes.map(({ scope }) => scope)).toEqual(['guest POST /GIFTS/ada/', 'guest POST /gifts/ada']);
  await db.query(`DELETE FROM messaging.idempotency_key WHERE scope = 'guest POST /gifts/ada'`);
  expect((await give('/GIFTS/ada/')).body).toEqual(first.body);
  expect(await gifts()).toEqual(['lamp']);
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
