import { problem } from '@orderflow/contracts/errors';
import { pageOf } from '@orderflow/contracts/http/page';
import { drawnAt, newId } from '@orderflow/contracts/ids';
import { checkView, invariantsView, violationView } from '@orderflow/contracts/invariants';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { noBacklog, paidOrder, someStock } from '../test/books.ts';
import { fakeServices } from '../test/fake-services.ts';
import { auditorHarness } from '../test/harness.ts';

async function system(options: { maxOrders?: number } = {}) {
  const services = await fakeServices();
  const auditor = await auditorHarness({ urls: services.urls, ...options });
  const admin = await as.admin();
  const ask = (body: object) => request(auditor.app).post('/api/invariants/checks').set(admin).send(body);
  return {
    ...auditor,
    services,
    ask,
    check: async (body: object = {}) => checkView.parse((await ask(body).expect(200)).body),
    get: (path: string) => request(auditor.app).get(`/api/invariants${path}`).set(admin),
  };
}

const offIn = ({ invariants }: { invariants: { name: string; status: string }[] }) =>
  Object.fromEntries(
    invariants.filter(({ status }) => status !== 'holds').map(({ name, status }) => [name, status]),
  );

test('admins and OrderFlow itself are told of the invariants, and nobody else', async () => {
  const { app } = await system();
  const statuses = [];
  for (const headers of [{}, await as.customer(), await as.seller(), await as.admin(), await as.service()]) {
    const answers = [
      await request(app).get('/api/invariants').set(headers),
      await request(app).post('/api/invariants/checks').set(headers).send({}),
      await request(app).get('/api/invariants/violations').set(headers),
    ];
    statuses.push(answers.map(({ status }) => status));
  }
  expect(statuses).toEqual([
    [401, 401, 401],
    [403, 403, 403],
    [403, 403, 403],
    [200, 200, 200],
    [200, 200, 200],
  ]);
});

test('each invariant is shown with its sentence and the ledgers it reads', async () => {
  const { get, startRounds } = await system();
  startRounds();
  await eventually(async () => {
    const view = invariantsView.parse((await get('').expect(200)).body);
    expect(view.status).toBe('holds');
    expect(view.invariants).toHaveLength(27);
    expect(view.invariants.find(({ name }) => name === 'bank-agrees-with-payment')).toMatchObject({
      sentence: 'The bank moved for each order what payment wrote down.',
      reads: ['orders of order', 'payments of payment', 'charges of bank'],
      reason: null,
      violations: [],
    });
  });
});

test('a check reads everything now, names what is wrong, and writes nothing down', async () => {
  const { services, check, db } = await system();
  const [, bad] = services.add(paidOrder(), paidOrder({ bank: { charges: 2 } }));
  services.stock.push(someStock({ held: 3 }));
  services.backlogs.customer = noBacklog({ deadLetters: { count: 1, oldest: null, some: ['x'] } });
  const view = await check();
  expect(view).toMatchObject({ status: 'broken', orders: 2 });
  expect(offIn(view)).toEqual({
    'one-charge-per-order': 'broken',
    'stock-columns-match-ledger': 'broken',
    'no-dead-letters': 'broken',
  });
  expect(view.invariants.find(({ name }) => name === 'one-charge-per-order')!.violations).toMatchObject([
    { orderId: bad!.orderId, detail: 'The bank charged it 2 times.', endedAt: null },
  ]);
  expect(await db.query('SELECT FROM violations')).toEqual([]);
});

test('with the present time to settle by, nothing may be under way any more', async () => {
  const { services, check } = await system();
  const updatedAt = new Date().toISOString();
  services.add(paidOrder({ order: { updatedAt }, templates: [] }));
  expect(offIn(await check())).toEqual({});
  const settledBy = new Date(Date.now() + 1).toISOString();
  expect(offIn(await check({ settledBy }))).toEqual({ 'customers-are-told': 'broken' });
});

test('a check since a time looks at the orders placed from then on', async () => {
  const { services, check } = await system();
  const [before] = services.add(paidOrder({ bank: { charges: 2 } }));
  await eventually(() => expect(Date.now()).toBeGreaterThan(drawnAt(before!.orderId)));
  const [order] = services.add(paidOrder());
  const since = new Date(drawnAt(order!.orderId)).toISOString();
  expect(await check({ since })).toMatchObject({ status: 'holds', orders: 1 });
  expect(await check()).toMatchObject({ status: 'broken', orders: 2 });
});

test('a check by the present time finds what waits in a service and what is not recorded', async () => {
  const { services, check } = await system();
  const [event, since] = [newId(), new Date(Date.now() - 1_000).toISOString()];
  services.events.customer = [{ id: event, type: 'customer.created', subject: newId(), digest: '' }];
  services.backlogs.customer = noBacklog({
    outbox: { count: 1, oldest: new Date().toISOString(), some: [event] },
  });
  const settledBy = new Date(Date.now() + 1).toISOString();
  const view = await check({ since, settledBy });
  expect(offIn(view)).toEqual({ 'outboxes-drain': 'broken', 'events-arrive': 'broken' });
  expect(view.invariants.flatMap(({ violations }) => violations)).toMatchObject([
    { subject: `customer ${event}`, orderId: null },
    { subject: 'outbox of customer', orderId: null },
  ]);
});

test('a check of a thousand orders goes through all pages of all ledgers', async () => {
  const { services, check } = await system();
  const orders = services.add(...Array.from({ length: 1_000 }, () => paidOrder()));
  orders[999]!.orders!.total = 999;
  const view = await check();
  expect(view).toMatchObject({ status: 'broken', orders: 1_000 });
  expect(offIn(view)).toEqual({ 'money-is-what-orders-owe': 'broken' });
});

test('a ledger that cannot be read leaves its invariants unknown', async () => {
  const { services, check } = await system();
  services.add(paidOrder());
  services.broken.add('bank');
  const view = await check();
  expect(view.status).toBe('unknown');
  expect(offIn(view)).toEqual({
    'rows-of-orders-are-readable': 'unknown',
    'bank-agrees-with-payment': 'unknown',
    'one-charge-per-order': 'unknown',
    'every-charge-has-its-order': 'unknown',
    'charges-name-orders': 'unknown',
  });
});

test('too many orders are refused, with what to do instead', async () => {
  const { services, ask, record } = await system({ maxOrders: 3 });
  const orders = services.add(...Array.from({ length: 4 }, () => paidOrder()));
  const refused = problem.parse((await ask({}).expect(400)).body);
  expect(refused.detail).toMatch(/more than 3 orders.*give "since"/);
  const total = { amount: 1, currency: 'EUR' };
  await record(orders.map(({ orderId }) => anEvent('order.paid', { orderId, total })));
  services.asked.length = 0;
  await ask({ since: new Date(drawnAt(orders[0]!.orderId)).toISOString() }).expect(400);
  expect(services.asked).toEqual([]); // known before anything is read
  await ask({ settled: true }).expect(400);
});

test('checks are made one at a time', async () => {
  const { services, ask } = await system();
  let second: Promise<{ status: number; body: unknown }> | undefined;
  services.whenAsked(() => {
    second ??= Promise.resolve(ask({}));
  });
  await ask({}).expect(200);
  const { status, body } = await second!;
  expect(status).toBe(409);
  expect(problem.parse(body).detail).toMatch(/running already/);
  services.whenAsked(() => {});
  await ask({}).expect(200);
});

test('the history is paged, newest first, and filtered', async () => {
  const { services, get, startRounds, db } = await system();
  const bad = services.add(...Array.from({ length: 5 }, () => paidOrder({ bank: { charges: 2 } })));
  startRounds();
  await eventually(async () => expect(await db.query('SELECT FROM violations')).toHaveLength(5));
  bad[0]!.charges!.charges = 1;
  await eventually(async () =>
    expect(await db.query('SELECT FROM violations WHERE ended_at IS NOT NULL')).toHaveLength(1),
  );
  const page = async (query: string) =>
    pageOf(violationView).parse((await get(`/violations${query}`).expect(200)).body);
  const seen: (string | null)[] = [];
  for (let cursor = '', pages = 0; pages < 3; pages++) {
    const { items, nextCursor } = await page(`?limit=2${cursor}`);
    seen.push(...items.map(({ orderId }) => orderId));
    cursor = `&cursor=${nextCursor}`;
    expect(nextCursor === null).toBe(pages === 2);
  }
  expect(seen.toSorted()).toEqual(bad.map(({ orderId }) => orderId).sort());
  expect((await page('?open=true')).items).toHaveLength(4);
  expect((await page('?open=false')).items).toMatchObject([{ orderId: bad[0]!.orderId }]);
  expect((await page(`?orderId=${bad[1]!.orderId}`)).items).toHaveLength(1);
  expect((await page('?invariant=no-dead-letters')).items).toEqual([]);
  await get('/violations?invariant=nonsense').expect(400);
  await get('/violations?cursor=nonsense').expect(400);
});
