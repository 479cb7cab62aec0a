import { drillView, killSwitchView } from '@orderflow/contracts/drills';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { drillDatabase } from '../test/controller.ts';
import { aSpec } from '../test/drill-samples.ts';
import { createApp } from './app.ts';
import { type DrillState, newDrill } from './drill-state.ts';
import type { Driver } from './driver.ts';
import { createKillSwitch } from './kill-switch.ts';
import { keepDrill } from './operations/keep-drill.ts';
import { findDrillOfResource, readDrill } from './operations/read-drill.ts';
import { startDrill } from './operations/start-drill.ts';
import { makeReport } from './report.ts';

async function controller(driver: Pick<Driver, 'killSwitch'> = { killSwitch: async () => off }) {
  const db = await drillDatabase();
  const scope = testScope();
  const asked: unknown[] = [];
  const answer = async (...what: unknown[]) => {
    asked.push(what);
    return { declineRate: 0 };
  };
  const bank = {
    read: () => answer('read'),
    set: (fault: object) => answer('set', fault),
    reset: () => answer('reset'),
  };
  const killSwitch = createKillSwitch({ db, driver });
  const schedule = { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', suspended: false, spec: aSpec() };
  const app = createApp({ scope, auth: testAuth, db, killSwitch, schedules: [schedule], bank });
  /** Ends a drill, as the runner does. */
  async function end(id: string) {
    const drill: DrillState = {
      ...newDrill({ id, name: 'redis-crash', spec: aSpec(), at: Date.now() }),
      phase: 'Passed',
      ending: { verdict: 'Passed', reason: 'AccountedFor', message: 'All is well.', decidedAt: 1 },
      endedAt: Date.now(),
    };
    const report = makeReport({ drill, driver: 'local', previous: null });
    await keepDrill(db, { drill, version: 1, report });
  }
  return { db, app, scope, asked, end };
}

const off = { engaged: false, reason: '', by: 'none' };
const body = { name: 'redis-crash', spec: { ...aSpec(), dryRun: false } };

test('drills are for admins and the other parts of the system only', async () => {
  const { app } = await controller();
  const id = '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a99';
  const calls = [
    ['post', '/api/drills'],
    ['get', '/api/drills'],
    ['get', `/api/drills/${id}`],
    ['get', `/api/drills/${id}/report`],
    ['post', `/api/drills/${id}/abort`],
    ['get', '/api/drills/kill-switch'],
    ['put', '/api/drills/kill-switch'],
    ['get', '/api/drills/schedules'],
    ['get', '/api/faults'],
    ['put', '/api/faults'],
    ['delete', '/api/faults'],
  ] as const;
  for (const [method, path] of calls) {
    expect((await request(app)[method](path)).status, `${method} ${path}`).toBe(401);
    for (const who of [await as.customer(), await as.seller()]) {
      expect((await request(app)[method](path).set(who)).status, `${method} ${path}`).toBe(403);
    }
  }
});

test('a drill is accepted, written to the log, and can be read', async () => {
  const { app, scope } = await controller();
  const admin = await as.admin();
  const response = await request(app).post('/api/drills').set(admin).send(body);
  expect(response.status).toBe(202);
  const view = drillView.parse(response.body);
  expect(view).toMatchObject({ name: 'redis-crash', phase: 'Pending', orders: { asked: 0 } });
  expect(view.startedBy).toMatch(/^rest by admin:/);
  expect(response.headers.location).toBe(`/api/drills/${view.id}`);
  expect(scope.lines).toContainEqual(
    expect.objectContaining({
      drill: view.id,
      msg: 'a drill was asked for',
      by: expect.stringMatching(/^admin:/),
    }),
  );
  const read = await request(app).get(`/api/drills/${view.id}`).set(admin);
  expect(read.body).toEqual(view);
  const report = await request(app).get(`/api/drills/${view.id}/report`).set(admin);
  expect({ status: report.status, detail: report.body.detail }).toMatchObject({
    status: 409,
    detail: expect.stringContaining('is not over: it is Pending'),
  });
});

test('a second drill is refused and told which one runs; the same request again gets the first answer', async () => {
  const { app, db } = await controller();
  const service = await as.service();
  const send = (key: string) =>
    request(app).post('/api/drills').set(service).set('idempotency-key', key).send(body);
  const first = await send('a');
  const [again, other] = [await send('a'), await send('b')];
  expect(again.status).toBe(202);
  expect(again.body).toEqual(first.body);
  expect(other.status).toBe(409);
  expect(other.body.detail).toContain(`The drill redis-crash is under way.`);
  expect(other.body.detail).toContain(`/api/drills/${first.body.id}/abort`);
  expect(await db.query('SELECT id FROM drills')).toHaveLength(1);
});

test('of two that ask at once one is accepted', async () => {
  const { app } = await controller();
  const service = await as.service();
  const answers = await Promise.all(
    [1, 2, 3].map(() => request(app).post('/api/drills').set(service).send(body)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
});

test('a spec that is none is refused, naming each field', async () => {
  const { app } = await controller();
  const response = await request(app)
    .post('/api/drills')
    .set(await as.service())
    .send({ name: 'Bad Name', spec: { ...aSpec(), fault: { type: 'partition' } } });
  expect(response.status).toBe(400);
  expect(response.body.errors.map(({ path }: { path: string }) => path)).toEqual(['name', 'spec.fault']);
});

test('the report is JSON, and a page for those who ask for Markdown', async () => {
  const { app, db, end } = await controller();
  const service = await as.service();
  const { id } = await startDrill(db, { ...body, startedBy: 'a test' });
  await end(id);
  const path = `/api/drills/${id}/report`;
  const json = await request(app).get(path).set(service);
  expect(json.body).toMatchObject({ id, verdict: 'Passed' });
  for (const response of [
    await request(app).get(path).set(service).set('accept', 'text/markdown'),
    await request(app).get(`${path}?format=markdown`).set(service),
  ]) {
    expect(response.headers['content-type']).toContain('text/markdown');
    expect(response.text).toContain('Drill `redis-crash`: Passed');
  }
});

test('drills are listed newest first, page by page and by name', async () => {
  const { app, db, end } = await controller();
  const service = await as.service();
  const ids: string[] = [];
  for (const name of ['one', 'two', 'one']) {
    const { id } = await startDrill(db, { ...body, name, startedBy: 'a test' });
    await end(id);
    ids.unshift(id);
  }
  const list = async (query: string) => (await request(app).get(`/api/drills?${query}`).set(service)).body;
  const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);
  const first = await list('limit=2');
  expect(idsOf(first)).toEqual(ids.slice(0, 2));
  expect(idsOf(await list(`limit=2&cursor=${first.nextCursor}`))).toEqual(ids.slice(2));
  expect(idsOf(await list('name=two'))).toEqual([ids[1]]);
});

test('an abort is noted with its reason, and refused for a drill that is over or unknown', async () => {
  const { app, db, end } = await controller();
  const admin = await as.admin();
  const { id } = await startDrill(db, { ...body, startedBy: 'a test' });
  const abort = (drill: string) =>
    request(app).post(`/api/drills/${drill}/abort`).set(admin).send({ reason: 'a sale begins' });
  expect((await abort(id)).status).toBe(202);
  expect((await readDrill(db, id))?.abortAsked).toMatch(/^Ended by admin:.*: a sale begins$/);
  await end(id);
  expect((await abort(id)).status).toBe(409);
  expect((await abort('0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a99')).status).toBe(404);
});

test('the kill switch is set with a reason and stays so over restarts', async () => {
  const { app, db, scope } = await controller();
  const admin = await as.admin();
  const path = '/api/drills/kill-switch';
  expect((await request(app).get(path).set(admin)).body).toMatchObject({ engaged: false });
  const set = await request(app).put(path).set(admin).send({ engaged: true, reason: 'A sale is on.' });
  expect(killSwitchView.parse(set.body)).toEqual({ engaged: true, reason: 'A sale is on.', by: 'rest' });
  expect(await createKillSwitch({ db, driver: { killSwitch: async () => off } }).read()).toEqual(set.body);
  expect(scope.lines).toContainEqual(
    expect.objectContaining({
      msg: 'the kill switch was set',
      engaged: true,
      by: expect.stringMatching(/^admin:/),
    }),
  );
});

test('a switch outside that is engaged, or cannot be read, is enough', async () => {
  const engaged = { engaged: true, reason: 'The ConfigMap says so.', by: 'configmap' };
  const { app } = await controller({ killSwitch: async () => engaged });
  const read = await request(app)
    .get('/api/drills/kill-switch')
    .set(await as.admin());
  expect(read.body).toEqual(engaged);
  const dead = await controller({ killSwitch: () => Promise.reject(new Error('no route to host')) });
  const unreadable = await request(dead.app)
    .get('/api/drills/kill-switch')
    .set(await as.admin());
  expect(unreadable.body).toMatchObject({ engaged: true, by: 'unreadable' });
});

test('schedules are shown with what comes next', async () => {
  const { app } = await controller();
  const { body: list } = await request(app)
    .get('/api/drills/schedules')
    .set(await as.admin());
  expect(list.items).toMatchObject([{ name: 'nightly', lastDrill: null }]);
  expect(list.items[0].next).toMatch(/T03:00:00\.000Z$/);
});

test('the faults of the bank are passed on, and left alone while a drill runs', async () => {
  const { app, db, asked } = await controller();
  const admin = await as.admin();
  expect((await request(app).get('/api/faults').set(admin)).body).toEqual({ declineRate: 0 });
  await request(app).put('/api/faults').set(admin).send({ errorRate: 0.5 }).expect(200);
  await request(app).delete('/api/faults').set(admin).expect(200);
  await startDrill(db, { ...body, startedBy: 'a test' });
  await request(app).put('/api/faults').set(admin).send({ errorRate: 1 }).expect(409);
  await request(app).delete('/api/faults').set(admin).expect(409);
  expect(asked).toEqual([['read'], ['set', { errorRate: 0.5 }], ['reset']]);
});

test('a resource has one drill, however often it is asked for', async () => {
  const { db } = await controller();
  const resource = { uid: 'resource-1', namespace: 'shop', generation: 1 };
  const given = { ...body, startedBy: 'kubernetes', resource };
  const [first, second] = [await startDrill(db, given), await startDrill(db, given)];
  expect(second.id).toBe(first.id);
  expect((await findDrillOfResource(db, 'resource-1'))?.resource).toEqual(resource);
  expect(await findDrillOfResource(db, 'resource-2')).toBeUndefined();
});

test('an older state that comes late does not take the place of a newer one', async () => {
  const { db } = await controller();
  const { id, state } = await startDrill(db, { ...body, startedBy: 'a test' });
  const at = (version: number, message: string) =>
    keepDrill(db, { drill: { ...state, message }, version, report: null });
  await at(2, 'newer');
  await at(1, 'older');
  expect((await readDrill(db, id))?.state.message).toBe('newer');
});
