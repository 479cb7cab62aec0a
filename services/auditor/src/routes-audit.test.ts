import { problem } from '@orderflow/contracts/errors';
import { auditEventView, auditLine } from '@orderflow/contracts/http/audit';
import { pageOf } from '@orderflow/contracts/http/page';
import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { placed, saga, shipped } from '../test/saga.ts';
import { audited as doAudited } from './operations/audited.ts';

const auditPage = pageOf(auditEventView);
const linePage = pageOf(auditLine);

async function audited() {
  const harness = await auditorHarness();
  const admin = await as.admin();
  const get = (path: string) => request(harness.app).get(path).set(admin).expect(200);
  return {
    ...harness,
    get,
    lines: async (query = '') => linePage.parse((await get(`/api/audit?${query}`)).body),
  };
}

test.each(['/api/audit', '/api/audit/events'])('%s is for admins and the internal token', async (path) => {
  const { app } = await auditorHarness();
  await request(app).get(path).expect(401);
  await request(app)
    .get(path)
    .set(await as.customer())
    .expect(403);
  await request(app)
    .get(path)
    .set(await as.seller())
    .expect(403);
  await request(app)
    .get(path)
    .set(await as.admin())
    .expect(200);
  await request(app)
    .get(path)
    .set(await as.service())
    .expect(200);
});

test('what persons and the internal token did is a line; what services do of themselves is not', async () => {
  const { record, lines } = await audited();
  const order = placed();
  const done = shipped(order.data.orderId);
  await record([
    order,
    { ...done, actor: 'seller:7' },
    { ...shipped(newId()), actor: 'system' },
    { ...shipped(newId()), actor: 'system:order' },
    { ...placed(), actor: 'guest' },
  ]);
  const { items } = await lines();
  expect(items.map(({ actor }) => actor)).toEqual(['guest', 'system', 'seller:7', order.actor]);
  expect(items[2]).toEqual({
    id: done.id,
    time: done.time,
    actor: 'seller:7',
    type: 'order.shipped',
    service: 'order',
    orderId: order.data.orderId,
    subject: done.subject,
    correlationId: done.correlationid,
    reason: null,
    details: done.data,
  });
});

test.each([
  'from=0000-01-01',
  'to=0000-01-01T00:00:00Z',
  'to=0001-01-01T00:00:00%2B01:00',
  'from=9999-12-31T23:59:59-01:00',
])('an audit log with %s is refused', async (query) => {
  const { app } = await auditorHarness();
  const { status, body } = await request(app)
    .get(`/api/audit?${query}`)
    .set(await as.admin());
  expect([status, body.code]).toEqual([400, 'invalid_request']);
});

test('acts that no event tells of stand among the lines, with how they ended', async () => {
  const { db, record, lines } = await audited();
  const before = { ...shipped(newId()), actor: 'seller:7' };
  await record([before]);
  const deed = { actor: 'admin:1', type: 'dead-letters.redrive', service: 'payment', correlationId: 'c' };
  await doAudited(db, { ...deed, target: { all: true } }, async () => ({ count: 3 }));
  const refused = doAudited(db, { ...deed, actor: 'admin:2', reason: 'why', target: {} }, async () => {
    throw new Error('no answer');
  });
  await expect(refused).rejects.toThrow('no answer');
  const after = { ...shipped(newId()), actor: 'seller:8' };
  await record([after]);
  const { items } = await lines();
  expect(items.map(({ actor }) => actor)).toEqual(['seller:8', 'admin:2', 'admin:1', 'seller:7']);
  expect(items[1]).toMatchObject({ reason: 'why', details: { result: { error: 'no answer' } } });
  expect(items[2]).toMatchObject({
    type: 'dead-letters.redrive',
    service: 'payment',
    details: { target: { all: true }, result: { count: 3 } },
  });
  const walked: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await lines(`limit=1${cursor}`);
    walked.push(...page.items.map(({ id }) => id));
    if (!page.nextCursor) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(walked).toEqual(items.map(({ id }) => id));
});

test('a deed that cannot be written down is not done', async () => {
  const { db } = await auditorHarness();
  await db.query('ALTER TABLE audit_log ADD CONSTRAINT refused CHECK (false)');
  let done = false;
  const deed = { actor: 'admin:1', type: 't', service: 'payment', correlationId: 'c', target: {} };
  const attempt = doAudited(db, deed, async () => {
    done = true;
    return {};
  });
  await expect(attempt).rejects.toThrow('refused');
  expect(done).toBe(false);
});

test('lines are filtered by actor, type, order and time', async () => {
  const { db, record, lines } = await audited();
  const order = placed();
  const mine = { ...shipped(order.data.orderId), actor: 'seller:7' };
  await record([order, mine]);
  const deed = {
    actor: 'admin:1',
    type: 'dead-letters.discard',
    service: 'order',
    correlationId: 'c',
    target: {},
  };
  await doAudited(db, deed, async () => ({}));
  const actors = async (query: string) => (await lines(query)).items.map(({ actor }) => actor);
  expect(await actors('actor=seller:7')).toEqual(['seller:7']);
  expect(await actors('actor=admin:1')).toEqual(['admin:1']);
  expect(await actors('type=dead-letters.discard')).toEqual(['admin:1']);
  expect(await actors(`orderId=${order.data.orderId}`)).toEqual(['seller:7', order.actor]);
  const at = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
  const moment = Date.parse(mine.time);
  expect(await actors(`from=${at(moment)}&to=${at(moment + 1)}&actor=seller:7`)).toEqual(['seller:7']);
  expect(await actors(`to=${at(moment)}&actor=seller:7`)).toEqual([]);
  expect(await actors(`from=${at(moment + 1)}&actor=seller:7`)).toEqual([]);
  expect(await actors(`to=${at(moment - 3_600_000)}`)).toEqual([]);
});

test('the list of events is walked by cursor, newest first, each event once', async () => {
  const { get, record } = await audited();
  const recorded = [saga(), saga(), saga()].flatMap(({ events }) => events);
  await record([...recorded]);
  const seen: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages++) {
    const response = await get(`/api/audit/events?limit=2${cursor}`);
    const page = auditPage.parse(response.body);
    seen.push(...page.items.map((event) => event.eventId));
    cursor = `&cursor=${page.nextCursor}`;
    expect(page.nextCursor === null).toBe(pages === 4);
  }
  expect(seen).toEqual(recorded.map(({ id }) => id).reverse());
});

test('the list of events is filtered by type, source, order and correlation id', async () => {
  const { get, record } = await audited();
  const [one, two] = [saga(), saga()];
  await record([...one.events, ...two.events]);
  const idsOf = async (query: string) =>
    auditPage
      .parse((await get(`/api/audit/events?${query}`)).body)
      .items.map((event) => event.eventId)
      .sort();
  expect(await idsOf('type=inventory.reserved')).toEqual([one.events[1].id, two.events[1].id].sort());
  expect(await idsOf(`source=order&orderId=${one.orderId}`)).toEqual(
    [one.events[0].id, one.events[2].id].sort(),
  );
  expect(await idsOf(`correlationId=${two.correlationid}`)).toEqual(two.events.map(({ id }) => id).sort());
  expect(await idsOf('type=nobody.knows')).toEqual([]);
});

test.each([
  ['limit=0', 'limit'],
  ['orderId=1', 'orderId'],
  ['type=%00', 'type'],
  ['correlationId=a%20b', 'correlationId'],
])('a list of events asked for with %s is refused, and the field named', async (query, field) => {
  const { app } = await auditorHarness();
  const response = await request(app)
    .get(`/api/audit/events?${query}`)
    .set(await as.admin())
    .expect(400);
  expect(problem.parse(response.body).errors?.map(({ path }) => path)).toEqual([field]);
});

test('a cursor that was made up is refused', async () => {
  const { app } = await auditorHarness();
  const response = await request(app)
    .get('/api/audit/events?cursor=abc')
    .set(await as.admin())
    .expect(400);
  expect(problem.parse(response.body).code).toBe('invalid_request');
});
