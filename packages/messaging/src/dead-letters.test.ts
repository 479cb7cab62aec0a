import { problem } from '@orderflow/contracts/errors';
import { deadLetterDetail, deadLetterPage, deadLettersMoved } from '@orderflow/contracts/http/dead-letters';
import { newId } from '@orderflow/contracts/ids';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { noteEffects } from '../test/note-effects.ts';
import { mountDeadLetterRoutes } from './dead-letter-routes.ts';
import { bury, type Custody, type DeathReason, listDeadLetters } from './dead-letters.ts';
import { messagingMigrations } from './migrations.ts';

/** A service with nothing but its dead letters. */
async function service() {
  const db = await testDatabase([messagingMigrations]);
  const app = createHttpApp({
    ...testScope(),
    auth: testAuth,
    routes: (app) => mountDeadLetterRoutes(app, { db, group: 'payment' }),
  });
  const token = await as.service();
  const get = (path: string) => request(app).get(`/internal/dead-letters${path}`).set(token);
  const post = (path: string, body: object, headers = token) =>
    request(app).post(`/internal/dead-letters${path}`).set(headers).send(body);

  return {
    db,
    app,
    get,
    post,
    /** Gives up on an event; gives the id of the dead letter. */
    async die(changes: Partial<Custody> = {}, reason: DeathReason = 'failed'): Promise<string> {
      const event = anEvent('order.cancelled', { orderId: newId(), reason: 'out_of_stock' });
      const custody = { group: 'payment', key: event.id, stream: 'orderflow:order', entryId: '1-0' };
      const why = { reason, error: 'Error: a bug\n    at handle (consumers.ts:1)', attempts: 8 };
      await bury(db, { ...custody, body: JSON.stringify(event), ...changes }, why);
      const [row] = await db.query<{ id: string }>(
        'SELECT id FROM messaging.dead_letter ORDER BY died_at DESC LIMIT 1',
      );
      return row!.id;
    },
    page: async (query: string) => deadLetterPage.parse((await get(`?${query}`).expect(200)).body),
    /** What waits to be tried again. */
    retries: async () =>
      (await db.query<{ key: string }>('SELECT key FROM messaging.retry ORDER BY key')).map(({ key }) => key),
  };
}

const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);

test('dead letters are listed newest first and walked by cursor, each once, whatever is buried or redriven meanwhile', async () => {
  const { db, die, page, post } = await service();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await die());
  // Within one millisecond, where a cursor that JavaScript rounds would lose some.
  await db.query(`UPDATE messaging.dead_letter SET died_at = '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 microsecond'
    FROM (SELECT id, row_number() OVER (ORDER BY died_at) AS n FROM messaging.dead_letter) AS numbered
    WHERE dead_letter.id = numbered.id`);
  await die({ group: 'another' });
  const first = await page('limit=2');
  expect(idsOf(first)).toEqual(ids.slice(0, 2));
  await post('/redrive', { ids: [ids[1]] }).expect(200); // the cursor's own letter goes away
  await die();
  const second = await page(`limit=2&cursor=${first.nextCursor}`);
  expect(idsOf(second)).toEqual(ids.slice(2, 4));
  const third = await page(`limit=2&cursor=${second.nextCursor}`);
  expect(idsOf(third)).toEqual(ids.slice(4));
  expect(third.nextCursor).toBeNull();
});

test.each(['0000-01-01T00:00:00Z', '2026-13-01T00:00:00Z'])(
  'a cursor of the time %s is refused',
  async (time) => {
    const { get } = await service();
    const cursor = Buffer.from(`${time} ${newId()}`).toString('base64url');
    expect((await get(`?cursor=${cursor}`).expect(400)).body.code).toBe('invalid_request');
  },
);

test('a dead letter is shown with what its event is about, and alone with its whole error and body', async () => {
  const { die, page, get } = await service();
  const event = anEvent('order.cancelled', { orderId: newId(), reason: 'out_of_stock' });
  const id = await die({ key: event.id, body: JSON.stringify(event) });
  const [view] = (await page('')).items;
  expect(view).toEqual({
    id,
    service: 'payment',
    key: event.id,
    type: 'order.cancelled',
    orderId: event.orderid,
    stream: 'orderflow:order',
    entryId: '1-0',
    reason: 'failed',
    error: 'Error: a bug',
    attempts: 8,
    diedAt: expect.stringMatching(/\.\d{6}Z$/),
    discarded: null,
  });
  const detail = deadLetterDetail.parse((await get(`/${id}`).expect(200)).body);
  expect(detail).toEqual({
    ...view,
    error: expect.stringContaining('consumers.ts'),
    body: JSON.stringify(event),
  });
  const missing = await get(`/${newId()}`).expect(404);
  expect(problem.parse(missing.body).code).toBe('not_found');
});

test.each(['{"half":', '"text"', '[1]', 'null', '{"type":7,"orderid":"x"}'])(
  'a body that is no event (%s) is shown as far as it can be read',
  async (body) => {
    const { die, page } = await service();
    await die({ body, key: 'orderflow:order/1-0' }, 'unreadable');
    expect((await page('')).items).toMatchObject([{ type: null, orderId: null, reason: 'unreadable' }]);
  },
);

test('dead letters are filtered by reason and stream, and redriven by the same filters', async () => {
  const { die, page, post, retries } = await service();
  const unreadable = await die({}, 'unreadable');
  const failed = await die({ key: 'a' });
  const others = await die({ key: 'b', stream: 'orderflow:inventory' });
  const foreign = await die({ group: 'another' });
  expect(idsOf(await page('reason=unreadable'))).toEqual([unreadable]);
  expect(idsOf(await page('stream=orderflow:inventory'))).toEqual([others]);
  const some = await post('/redrive', { all: true, reason: 'failed', stream: 'orderflow:order' }).expect(200);
  expect(deadLettersMoved.parse(some.body)).toEqual({ count: 1, missing: [] });
  expect(await retries()).toEqual(['a']);
  expect(idsOf(await page(''))).not.toContain(failed);
  await post('/redrive', { all: true }).expect(200);
  expect(await retries()).toHaveLength(3);
  expect(idsOf(await page(''))).toEqual([]);
  // Of another group in the same database nothing is touched.
  await post('/redrive', { ids: [foreign] }).expect(200, { count: 0, missing: [foreign] });
});

test('what is redriven by two people at once has one new life', async () => {
  const { die, post, retries } = await service();
  const ids = [];
  for (let i = 0; i < 20; i++) ids.push(await die());
  const answers = await Promise.all([
    post('/redrive', { ids }),
    post('/redrive', { ids: ids.toReversed() }),
    post('/redrive', { all: true }),
    post('/discard', { ids: ids.slice(5, 10), reason: 'no longer wanted' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(answers.reduce((sum, { body }) => sum + body.count, 0)).toBe(20);
  const discarded = answers[3].body.count;
  expect(await retries()).toHaveLength(20 - discarded);
});

test('an event that is redriven over HTTP is handled at once', async () => {
  const { db, send, start, effects, deadLetters } = await consumerHarness();
  const app = createHttpApp({
    ...testScope(),
    auth: testAuth,
    routes: (app) => mountDeadLetterRoutes(app, { db, group: 'payment' }),
  });
  let broken = true;
  start({
    handlers: {
      'order.cancelled': async (events, tx) => {
        if (broken) throw new Error('a bug');
        await noteEffects(events, tx);
      },
    },
  });
  const sent = [await send(), await send()];
  await eventually(async () => expect(await deadLetters()).toHaveLength(2));
  broken = false;
  await request(app)
    .post('/internal/dead-letters/redrive')
    .set(await as.admin())
    .send({ all: true })
    .expect(200, { count: 2, missing: [] });
  await eventually(async () => expect(await effects()).toHaveLength(2));
  expect((await effects()).map(({ orderId }) => orderId)).toEqual(sent.toSorted());
});

test('a discarded dead letter is kept with why, by whom and when, and is no longer given another life', async () => {
  const { db, die, page, post, get, retries } = await service();
  const [kept, gone] = [await die(), await die()];
  const unknown = newId();
  await post('/discard', { ids: [gone, unknown], reason: 'the order was a test', by: 'admin:7' }).expect(
    200,
    {
      count: 1,
      missing: [unknown],
    },
  );
  expect(idsOf(await page(''))).toEqual([kept]);
  const discarded = await page('state=discarded');
  expect(discarded.items).toMatchObject([
    {
      id: gone,
      error: 'Error: a bug',
      discarded: { reason: 'the order was a test', by: 'admin:7', at: expect.any(String) },
    },
  ]);
  expect((await get(`/${gone}`).expect(200)).body).toMatchObject({ id: gone, body: expect.any(String) });
  await post('/redrive', { ids: [gone] }).expect(200, { count: 0, missing: [gone] });
  expect(await retries()).toEqual([]);
  // What counts as unsettled, for metrics and alerts, is only what nobody has decided about.
  expect((await listDeadLetters(db)).map(({ id }) => id)).toEqual([kept]);
});

test('only the auditor discards in the name of others', async () => {
  const { die, post, page } = await service();
  const id = await die();
  await post('/discard', { ids: [id], reason: 'x', by: 'admin:somebody-else' }, await as.admin()).expect(200);
  const [letter] = (await page('state=discarded')).items;
  expect(letter!.discarded!.by).toMatch(/^admin:(?!somebody-else)/);
});

test('dead letters are for admins and the internal token', async () => {
  const { app, die } = await service();
  const id = await die();
  const calls = [
    () => request(app).get('/internal/dead-letters'),
    () => request(app).get(`/internal/dead-letters/${id}`),
    () => request(app).post('/internal/dead-letters/redrive').send({ all: true }),
    () =>
      request(app)
        .post('/internal/dead-letters/discard')
        .send({ ids: [id], reason: 'x' }),
  ];
  for (const call of calls) {
    await call().expect(401);
    await call()
      .set(await as.customer())
      .expect(403);
    await call()
      .set(await as.seller())
      .expect(403);
  }
  for (const call of calls) {
    await call()
      .set(await as.admin())
      .expect(200);
  }
});

test.each([
  ['/redrive', {}],
  ['/redrive', { all: false }],
  ['/redrive', { ids: [] }],
  ['/redrive', { ids: ['x'] }],
  ['/discard', { ids: ['0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10'] }],
  ['/discard', { ids: ['0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10'], reason: ' ' }],
  ['/discard', { all: true, reason: 'x' }],
])('a POST to %s of %j is refused', async (path, body) => {
  const { post } = await service();
  const response = await post(path, body).expect(400);
  expect(problem.parse(response.body).code).toBe('invalid_request');
});
