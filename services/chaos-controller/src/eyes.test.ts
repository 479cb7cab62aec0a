import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { aCheck, aDrill, aSpec } from '../test/drill-samples.ts';
import { aServer } from '../test/fake-answers.ts';
import { aShop } from '../test/fake-shop.ts';
import { loadOrders } from './drill-orders/book.ts';
import type { TargetState } from './driver.ts';
import { type EyesOptions, openEyes } from './eyes.ts';

const migrations = [new URL('../prisma/migrations/', import.meta.url)];
const released = { engaged: false, reason: 'Never engaged.', by: 'rest' };
const target: TargetState = { namespace: 'local', instances: [], wanted: 1, disruptionsAllowed: null };
const never = () => new Promise<never>(() => {});
const mapKeys = (record: object, value: string) =>
  Object.fromEntries(Object.keys(record).map((key) => [key, value]));
const invariants = { status: 'holds', invariants: [], progress: {} };

async function eyesOn(changes: Partial<EyesOptions> = {}) {
  const shop = await aShop();
  const auditor = await aServer(({ url }) => ({
    body: url === '/api/invariants' ? invariants : aCheck('one-charge-per-order', []),
  }));
  const db = await testDatabase(migrations);
  const { log, lines } = testScope();
  const options: EyesOptions = {
    db,
    driver: { look: async () => target },
    killSwitch: async () => released,
    gatewayUrl: shop.url,
    probeOrigins: [],
    auditorUrl: auditor.url,
    internalToken: 'secret',
    emailDomain: 'drills.orderflow.invalid',
    log,
    ...changes,
  };
  const open = (more: Partial<EyesOptions> = {}) => {
    const eyes = openEyes({ ...options, ...more });
    onTestFinished(() => eyes.close());
    return eyes;
  };
  return { shop, auditor, db, lines, open, eyes: open() };
}

test('a look gathers all parts, and a drill whose orders have not begun has none', async () => {
  const { eyes, auditor } = await eyesOn();
  const drill = aDrill({
    spec: aSpec({
      probes: [{ name: 'products', http: { url: '/api/products', status: 200 }, mayFail: true }],
    }),
  });
  expect(await eyes.look(drill)).toEqual({
    at: expect.closeTo(Date.now(), -4),
    target,
    orders: {
      asked: 0,
      accepted: 0,
      refused: 0,
      ended: 0,
      cancelled: 0,
      open: 0,
      openSince: null,
      lastEnd: null,
      lastEnds: [],
      tries: { good: 0, bad: 0 },
    },
    invariants: 'holds',
    gateway: true,
    probes: { products: 'holds' },
    killSwitch: released,
  });
  expect(auditor.asked).toMatchObject([
    { method: 'GET', url: '/api/invariants', authorization: 'Bearer secret' },
  ]);
});

test('a probe asks the gateway and listed addresses, and nothing else, in a dry run neither', async () => {
  const stranger = await aServer(() => ({}));
  const listed = await aServer(() => ({}));
  const { eyes, shop } = await eyesOn({ probeOrigins: [listed.url] });
  const { host } = new URL(stranger.url);
  const urls = {
    path: '/api/products',
    listed: `${listed.url}/any/path`,
    stranger: `${stranger.url}/secret`,
    schemeless: `//${host}/secret`,
    backslashes: `\\\\${host}\\secret`,
    userinfo: `${shop.url.replace('//', '//user:password@')}/api/products`,
    inside: `${shop.url}@${host}/secret`,
    metadata: 'http://169.254.169.254/latest/meta-data/',
    data: 'data:text/plain,hello',
  };
  const probes = Object.entries(urls).map(([name, url]) => ({
    name,
    http: { url, status: 200 },
    mayFail: true,
  }));
  const { probes: seen } = await eyes.look(aDrill({ spec: aSpec({ probes, dryRun: true }) }));
  expect(stranger.asked).toEqual([]);
  expect(listed.asked).toHaveLength(1);
  const allowed = { path: 'holds', listed: 'holds' };
  expect(seen).toEqual({ ...mapKeys(urls, 'unknown'), ...allowed });
});

test('a look takes no longer when everything hangs, and says that nothing is known', async () => {
  const silent = await aServer(() => undefined);
  const { eyes } = await eyesOn({
    driver: { look: never },
    killSwitch: never,
    gatewayUrl: silent.url,
    auditorUrl: silent.url,
    prometheusUrl: silent.url,
  });
  const probes = [
    { name: 'web', http: { url: '/', status: 200 }, mayFail: true },
    { name: 'up', prometheus: { query: 'up', is: '==' as const, value: 1 }, mayFail: true },
  ];
  const drill = aDrill({ spec: aSpec({ probes }), startedAt: 1 });
  const begun = Date.now();
  await eyes.start(drill);
  expect(await eyes.look(drill)).toMatchObject({
    target: undefined,
    orders: { asked: 0 },
    invariants: 'unreachable',
    gateway: false,
    probes: { web: 'fails', up: 'unknown' },
    killSwitch: { engaged: true, by: 'unreadable' },
  });
  // As the type of `look` promises.
  expect(Date.now() - begun).toBeLessThan(3_000);
});

test('a switch that cannot be read is engaged, and a target that cannot be looked at is not known', async () => {
  const dead = () => Promise.reject(new Error('dead'));
  const { eyes } = await eyesOn({
    driver: { look: dead },
    killSwitch: dead,
    auditorUrl: 'http://127.0.0.1:1',
  });
  expect(await eyes.look(aDrill())).toMatchObject({
    target: undefined,
    invariants: 'unreachable',
    killSwitch: { engaged: true, by: 'unreadable' },
  });
});

test('an auditor that answers anything else is unreachable', async () => {
  const strange = await aServer(() => ({ body: { status: 'fine' } }));
  const refusing = await aServer(() => ({ status: 503, body: invariants }));
  for (const { url } of [strange, refusing]) {
    const { eyes } = await eyesOn({ auditorUrl: url });
    expect((await eyes.look(aDrill())).invariants).toBe('unreachable');
  }
});

test('orders are asked for from the start until they are stopped, and counted at the end', async () => {
  const { eyes, shop, open } = await eyesOn();
  const drill = aDrill({ spec: aSpec({ orders: { perSecond: 20 } }), startedAt: 1 });
  await eyes.start(drill);
  await eyes.start(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.ended).toBeGreaterThan(3));
  await eyes.stopOrders(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.open).toBe(0));
  const { orders } = await eyes.look(drill);
  const charged = [...shop.orders.keys()][0]!;
  const over = { ...drill, injectedAt: 1, check: aCheck('one-charge-per-order', [charged]) };
  const tallies = await eyes.finish(over);
  expect(tallies).toMatchObject({
    orders: { asked: orders.asked, accepted: orders.asked, lost: 0, doubled: 1, doubledIds: [charged] },
    latency: { before: { orders: 0 }, during: { orders: orders.asked, p50: expect.any(Number) } },
    pace: { sliceSeconds: 1 },
    listed: true,
  });
  const tries = shop.tries.length;
  expect(await eyes.finish(over)).toEqual(tallies);
  // Also who has not heard yet that they are counted begins nothing.
  await eyes.start(over);
  for (let looks = 0; looks < 5; looks++) {
    expect((await eyes.look(over)).orders).toEqual({ ...orders, tries: expect.anything() });
  }
  await eyes.stopOrders(over);
  expect(shop.tries).toHaveLength(tries);
  const another = open();
  expect((await another.look({ ...over, tallies })).orders.asked).toBe(0);
  expect(shop.tries).toHaveLength(tries);
});

test('another process goes on with the orders: asks in the phases that ask, and only follows in the others', async () => {
  const { eyes, open, shop, db } = await eyesOn();
  shop.end = undefined;
  const drill = aDrill({ spec: aSpec({ orders: { perSecond: 20 } }), startedAt: 1 });
  await eyes.start(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.accepted).toBeGreaterThan(1));
  await eyes.close();
  const asked = shop.tries.length;

  const second = open();
  const recovering = { ...drill, phase: 'Recovering' as const };
  await eventually(async () => expect((await second.look(recovering)).orders.asked).toBeGreaterThan(asked));
  await second.close();
  const begun = (await loadOrders(db, drill.id)).length;

  // Also of a try that is still on its way to it.
  shop.end = 'PAID';
  for (const order of shop.orders.values()) order.status = 'PAID';
  const third = open();
  const verifying = { ...drill, phase: 'Verifying' as const };
  await third.start(verifying);
  await eventually(async () => expect((await third.look(verifying)).orders.open).toBe(0));
  for (let looks = 0; looks < 5; looks++) {
    const { orders } = await third.look(verifying);
    expect(orders).toMatchObject({ asked: begun, accepted: begun, ended: begun });
  }
  expect(new Set(shop.tries.map(({ key }) => key)).size).toBe(begun);
});

test('what is still open was lost only by a drill that gave it its time', async () => {
  const { eyes, shop } = await eyesOn();
  shop.end = undefined;
  const drill = aDrill({ spec: aSpec({ orders: { perSecond: 20 } }), startedAt: 1 });
  await eyes.start(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.accepted).toBeGreaterThan(1));
  await eyes.stopOrders(drill);
  await eventually(async () => {
    const { accepted, asked } = (await eyes.look(drill)).orders;
    expect(accepted).toBe(asked);
  });
  const ending = { verdict: 'Aborted' as const, reason: 'KillSwitch', message: 'Pulled.', decidedAt: 2 };
  const { accepted, open, openIds, lost } = (await eyes.finish({ ...drill, phase: 'Verifying', ending }))
    .orders;
  expect({ open, lost }).toEqual({ open: accepted, lost: 0 });
  expect(new Set(openIds)).toEqual(new Set(shop.orders.keys()));
  for (const settled of [
    { phase: 'Verifying' as const },
    { phase: 'Verifying' as const, late: true, ending },
  ]) {
    const counted = (await eyes.finish({ ...drill, ...settled })).orders;
    expect(counted).toMatchObject({ open: 0, lost: accepted });
  }
});

test('orders that cannot be listed are counted without, and the tallies say so', async () => {
  const { eyes, shop, lines } = await eyesOn();
  const drill = aDrill({ spec: aSpec({ orders: { perSecond: 20 } }), startedAt: 1 });
  await eyes.start(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.ended).toBeGreaterThan(1));
  await eyes.stopOrders(drill);
  await eventually(async () => expect((await eyes.look(drill)).orders.open).toBe(0));
  await shop.die();
  expect(await eyes.finish(drill)).toMatchObject({ listed: false, orders: { lost: 0, doubled: 0 } });
  expect(lines).toMatchObject([{ msg: 'the orders of the drill could not be listed', drillId: drill.id }]);
});

test('a drill that never asked for an order is counted as nothing', async () => {
  const { eyes } = await eyesOn({ gatewayUrl: 'http://127.0.0.1:1' });
  expect(await eyes.finish(aDrill())).toMatchObject({ orders: { asked: 0 }, pace: null, listed: true });
});

test('the auditor is asked for a check with both times, and no answer is none', async () => {
  const { eyes, auditor } = await eyesOn();
  const question = { since: new Date(1_000), settledBy: new Date(2_000) };
  expect(await eyes.check(question)).toMatchObject({ status: 'holds', orders: 100 });
  expect(auditor.asked).toMatchObject([
    { method: 'POST', url: '/api/invariants/checks', authorization: 'Bearer secret' },
  ]);
  expect(JSON.parse(auditor.asked[0]!.body)).toEqual({
    since: '1970-01-01T00:00:01.000Z',
    settledBy: '1970-01-01T00:00:02.000Z',
  });
  const { eyes: blind } = await eyesOn({ auditorUrl: 'http://127.0.0.1:1' });
  expect(await blind.check(question)).toBeUndefined();
});
