import { problem } from '@orderflow/contracts/errors';
import { auditLine } from '@orderflow/contracts/http/audit';
import { deadLetterDetail, deadLetterOverview } from '@orderflow/contracts/http/dead-letters';
import { pageOf } from '@orderflow/contracts/http/page';
import { newId } from '@orderflow/contracts/ids';
import { mountDeadLetterRoutes } from '@orderflow/messaging/dead-letter-routes';
import { bury } from '@orderflow/messaging/dead-letters';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import type { Database } from '@orderflow/service-kit/database';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { listen } from '@orderflow/service-kit/lifecycle';
import { testDatabase } from '@orderflow/testing/database';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, onTestFinished, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { remoteDeadLetters } from './remote-dead-letters.ts';

const internalToken = (await as.service()).authorization.replace('Bearer ', '');

/** Another service, with its dead letters and a database of its own. */
async function startOther(group: string) {
  const db = await testDatabase([messagingMigrations]);
  const routes = (app: Parameters<typeof mountDeadLetterRoutes>[0]) =>
    mountDeadLetterRoutes(app, { db, group });
  const app = createHttpApp({ ...testScope(), auth: testAuth, routes });
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog });
  onTestFinished(server.close);
  return { db, url: `http://127.0.0.1:${server.port}` };
}

async function die(db: Database, group: string): Promise<string> {
  const key = newId();
  const body = JSON.stringify({ id: key, type: 'order.placed' });
  await bury(
    db,
    { group, key, stream: 'orderflow:order', entryId: '1-0', body },
    { reason: 'failed', error: 'Error: a bug\n    at x', attempts: 8 },
  );
  const [row] = await db.query<{ id: string }>('SELECT id FROM messaging.dead_letter WHERE key = $1', [key]);
  return row!.id;
}

/** The auditor with `order` and `payment`, and a `customer` where nothing listens. */
async function system() {
  const [order, payment] = await Promise.all([startOther('order'), startOther('payment')]);
  const remote = (service: string, url: string) =>
    remoteDeadLetters({ service, url, internalToken, timeoutMs: 1_000 });
  const harness = await auditorHarness({
    others: {
      order: remote('order', order.url),
      payment: remote('payment', payment.url),
      // Port 9 is "discard": nobody has it.
      customer: remote('customer', 'http://127.0.0.1:9'),
    },
  });
  const admin = await as.admin();
  return {
    ...harness,
    order,
    payment,
    get: (path: string) => request(harness.app).get(`/api/dead-letters${path}`).set(admin),
    post: (path: string, body: object) =>
      request(harness.app).post(`/api/dead-letters${path}`).set(admin).send(body),
    auditLines: async () =>
      pageOf(auditLine).parse((await request(harness.app).get('/api/audit').set(admin).expect(200)).body)
        .items,
  };
}

test('the dead letters of all services are one list, newest first; who does not answer is named', async () => {
  const { db, order, payment, get, scope } = await system();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    ids.unshift(await die(order.db, 'order'));
    ids.unshift(await die(payment.db, 'payment'));
    ids.unshift(await die(db, 'auditor'));
  }
  const seen: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages++) {
    const page = deadLetterOverview.parse((await get(`?limit=2${cursor}`).expect(200)).body);
    expect(page.unavailable).toEqual(['customer']);
    seen.push(...page.items.map(({ id }) => id));
    expect(page.nextCursor === null).toBe(pages === 4);
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(seen).toEqual(ids);
  expect(scope.lines).toContainEqual(
    expect.objectContaining({ service: 'customer', msg: 'dead letters cannot be listed' }),
  );
});

test('the list can be of one service, by its name or its group, and of what was discarded', async () => {
  const { order, payment, get, post } = await system();
  const [one, two] = [await die(order.db, 'order'), await die(payment.db, 'payment')];
  const idsOf = async (query: string) => {
    const { items, unavailable } = deadLetterOverview.parse((await get(query).expect(200)).body);
    return [...items.map(({ id }) => id), ...unavailable];
  };
  expect(await idsOf('?service=order')).toEqual([one]);
  expect(await idsOf('?group=payment')).toEqual([two]);
  expect(await idsOf('?service=order&group=payment')).toEqual([]);
  expect(await idsOf('?service=order&reason=unreadable')).toEqual([]);
  await post('/order/discard', { ids: [one], reason: 'a test' }).expect(200);
  expect(await idsOf('?service=order')).toEqual([]);
  expect(await idsOf('?service=order&state=discarded')).toEqual([one]);
});

test('one is shown with its body, and one that is not there or of no service is not found', async () => {
  const { order, get } = await system();
  const id = await die(order.db, 'order');
  const detail = deadLetterDetail.parse((await get(`/order/${id}`).expect(200)).body);
  expect(detail).toMatchObject({
    id,
    body: expect.stringContaining('"type":"order.placed"'),
    error: 'Error: a bug\n    at x',
  });
  for (const path of [
    `/order/${newId()}`,
    `/payment/${id}`,
    '/order/x',
    `/nobody/${id}`,
    `/constructor/${id}`,
  ]) {
    const response = await get(path).expect(404);
    expect(problem.parse(response.body).code).toBe('not_found');
  }
});

test('redriving and discarding are done by the service, and the audit log says who did it', async () => {
  const { db, order, post, auditLines } = await system();
  const [first, second, own] = [
    await die(order.db, 'order'),
    await die(order.db, 'order'),
    await die(db, 'auditor'),
  ];
  await post('/order/redrive', { ids: [first] }).expect(200, { count: 1, missing: [] });
  expect(await order.db.query('SELECT key FROM messaging.retry')).toHaveLength(1);
  await post('/order/discard', { ids: [second], reason: 'a test' }).expect(200, { count: 1, missing: [] });
  await post('/auditor/redrive', { all: true }).expect(200, { count: 1, missing: [] });
  expect(await db.query('SELECT 1 FROM messaging.dead_letter WHERE id = $1', [own])).toEqual([]);

  const lines = await auditLines();
  expect(lines).toMatchObject([
    {
      type: 'dead-letters.redrive',
      service: 'auditor',
      details: { target: { all: true }, result: { count: 1 } },
    },
    {
      type: 'dead-letters.discard',
      service: 'order',
      reason: 'a test',
      details: { target: { ids: [second] } },
    },
    { type: 'dead-letters.redrive', service: 'order', reason: null, details: { target: { ids: [first] } } },
  ]);
  const [discarded] = await order.db.query(
    'SELECT discarded_by, discard_reason FROM messaging.discarded_letter',
  );
  expect(discarded).toEqual({ discarded_by: lines[1]!.actor, discard_reason: 'a test' });
  expect(lines[1]!.actor).toMatch(/^admin:/);
});

test('an act on a service that does not answer ends in 503, and stays in the audit log', async () => {
  const { post, auditLines } = await system();
  const response = await post('/customer/redrive', { all: true }).expect(503);
  expect(problem.parse(response.body).code).toBe('unavailable');
  expect(response.headers['retry-after']).toBe('2');
  expect(await auditLines()).toMatchObject([
    { service: 'customer', details: { result: { error: expect.stringContaining('customer') } } },
  ]);
});

test('dead letters are for admins and the internal token, and nobody else leaves a line', async () => {
  const { app, auditLines } = await system();
  const calls = [
    () => request(app).get('/api/dead-letters?service=auditor'),
    () => request(app).post('/api/dead-letters/auditor/redrive').send({ all: true }),
    () =>
      request(app)
        .post('/api/dead-letters/auditor/discard')
        .send({ ids: [newId()], reason: 'x' }),
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
  expect(await auditLines()).toEqual([]);
  for (const call of calls)
    await call()
      .set(await as.service())
      .expect(200);
  expect((await auditLines()).map(({ actor }) => actor)).toEqual(['system', 'system']);
});

test.each([
  ['?cursor=abc', undefined],
  ['?limit=0', undefined],
  ['/auditor/redrive', {}],
  ['/auditor/discard', { ids: [newId()] }],
])('%s with %j is refused and leaves no line', async (path, body) => {
  const { get, post, auditLines } = await system();
  const response = await (body ? post(path, body) : get(path)).expect(400);
  expect(problem.parse(response.body).code).toBe('invalid_request');
  expect(await auditLines()).toEqual([]);
});
