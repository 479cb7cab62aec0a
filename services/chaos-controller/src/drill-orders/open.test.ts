import { createClient } from '@orderflow/client/client';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { aShop } from '../../test/fake-shop.ts';
import { loadOrders } from './book.ts';
import { listOrders } from './list-orders.ts';
import { openDrillOrders } from './open.ts';
import { tallyOrders as tallyWith } from './tally.ts';

const migrations = [new URL('../../prisma/migrations/', import.meta.url)];

/** Of a drill that gave every order its time. */
const tallyOrders = (
  orders: Parameters<typeof tallyWith>[0],
  listed: Parameters<typeof tallyWith>[1]['listed'],
  check: Parameters<typeof tallyWith>[1]['check'],
) => tallyWith(orders, { listed, check, settled: true });

async function aDrillWithOrders({ perSecond = 20, timeoutMs = 10_000 } = {}) {
  const shop = await aShop();
  const db = await testDatabase(migrations);
  const client = createClient({ baseUrl: shop.url, token: 'secret', timeoutMs });
  const { log, lines } = testScope();
  const drill = { id: newId(), name: 'inventory-crash', perSecond, windowSeconds: 60 };
  const open = async (database: typeof db = db) => {
    const orders = await openDrillOrders({
      db: database,
      client,
      emailDomain: 'drills.orderflow.invalid',
      log,
      drill,
    });
    onTestFinished(() => orders.close());
    return orders;
  };
  const customerId = customerIdOf(`drill-${drill.id}@drills.orderflow.invalid`);
  const signal = new AbortController().signal;
  const listed = () => listOrders(client, { customerId, signal });
  return { shop, db, drill, lines, open, listed, rows: () => loadOrders(db, drill.id) };
}

type Orders = Awaited<ReturnType<typeof openDrillOrders>>;
const asked = (orders: Orders, least: number) =>
  eventually(() => expect(orders.seen().asked).toBeGreaterThanOrEqual(least));
const settled = (orders: Orders) => eventually(() => expect(orders.seen().open).toBe(0));

test('orders are asked for at the rate, each by its own key, and followed to their end', async () => {
  const { shop, drill, open, rows, listed } = await aDrillWithOrders();
  const begun = Date.now();
  const orders = await open();
  orders.start();
  await asked(orders, 20);
  expect(Date.now() - begun).toBeGreaterThan(900);
  orders.stop();
  await settled(orders);
  const { asked: count, ...seen } = orders.seen();
  expect(seen).toMatchObject({ accepted: count, ended: count, refused: 0, tries: { good: count, bad: 0 } });
  const keys = Array.from({ length: count }, (_, i) => `drill-${drill.id}-${i + 1}`);
  expect(new Set(shop.tries.map(({ key }) => key))).toEqual(new Set(keys));
  expect(shop.tries).toHaveLength(count);
  expect(shop.tries[0]).toEqual({
    key: expect.any(String),
    authorization: 'Bearer secret',
    body: {
      customer: { name: 'Drill inventory-crash', email: `drill-${drill.id}@drills.orderflow.invalid` },
      items: [{ productId: shop.products[0]!.id, quantity: 1 }],
      paymentMethod: 'pm_card_visa',
    },
  });
  await orders.close();
  expect(await rows()).toEqual(orders.all().toSorted((a, b) => a.n - b.n));
  expect(tallyOrders(await rows(), await listed(), null)).toMatchObject({ paid: count, lost: 0, doubled: 0 });
});

test('nothing is asked for before it is written down', async () => {
  const { shop, db, open } = await aDrillWithOrders();
  let down = true;
  let failed = 0;
  const query: typeof db.query = (statement, values) => {
    if (!down || !statement.includes('INSERT')) return db.query(statement, values);
    failed += 1;
    return Promise.reject(new Error('no database'));
  };
  const orders = await open({ ...db, query } as typeof db);
  orders.start();
  await eventually(() => expect(failed).toBeGreaterThan(5));
  expect(orders.seen().open).toBeGreaterThan(1);
  expect([shop.tries, orders.seen().asked]).toEqual([[], 0]);
  down = false;
  // Those that waited for it are as slow as that made them.
  await eventually(() => {
    const first = orders.all().find(({ n }) => n === 1)!;
    expect(first.acceptedAt! - first.askedAt).toBeGreaterThan(900);
  });
});

test('tries that fail are counted, and the order is accepted when the system is back', async () => {
  const { shop, open } = await aDrillWithOrders({ perSecond: 5 });
  const orders = await open();
  orders.start();
  await asked(orders, 1);
  await shop.die();
  await asked(orders, 4);
  await eventually(() => expect(orders.seen().tries.bad).toBeGreaterThan(3));
  await shop.comeBack();
  orders.stop();
  await settled(orders);
  const seen = orders.seen();
  expect(seen).toMatchObject({ accepted: seen.asked, ended: seen.asked, refused: 0 });
  expect(seen.tries.good).toBe(seen.asked);
});

test('a system that forgets keys is found to have doubled orders whose answers were lost', async () => {
  const { shop, open, listed } = await aDrillWithOrders({ perSecond: 5 });
  shop.forgetful = true;
  shop.mood = 'lose';
  const orders = await open();
  orders.start();
  await eventually(() => expect(shop.orders.size).toBeGreaterThan(1));
  shop.mood = 'well';
  orders.stop();
  await settled(orders);
  const tally = tallyOrders(orders.all(), await listed(), null);
  expect(tally).toMatchObject({ accepted: tally.asked, lost: 0, doubled: shop.orders.size - tally.asked });
  expect(tally.doubled).toBeGreaterThan(0);
});

test('orders that were refused are asked for once more at the end, and one that exists has to end too', async () => {
  const { shop, open, listed } = await aDrillWithOrders({ perSecond: 1 });
  shop.end = undefined;
  shop.mood = 'lose';
  const orders = await open();
  orders.start();
  await eventually(() => expect(shop.orders.size).toBe(1));
  shop.mood = 'forbid';
  await eventually(() => expect(orders.seen().refused).toBe(1));
  expect(orders.all()[0]).toMatchObject({ orderId: null, refusal: expect.stringContaining('403') });
  shop.mood = 'well';
  orders.stop();
  const [id, order] = [...shop.orders][0]!;
  await eventually(() => expect(orders.all()[0]).toMatchObject({ orderId: id, status: 'CONFIRMED' }));
  const all = () => orders.all().slice(0, 1);
  const inQuestion = async () => (await listed()).filter((one) => one.id === id);
  expect(tallyOrders(all(), await inQuestion(), null)).toMatchObject({ refused: 1, lostIds: [id] });
  order.status = 'PAID';
  await eventually(async () =>
    expect(tallyOrders(all(), await inQuestion(), null)).toMatchObject({
      accepted: 0,
      refused: 1,
      lost: 0,
      doubled: 0,
    }),
  );
});

test('after a restart orders without an answer are asked for by the same keys, and the others followed', async () => {
  const { shop, open, listed } = await aDrillWithOrders();
  shop.end = undefined;
  const before = await open();
  before.start();
  await eventually(() => expect(before.seen().accepted).toBeGreaterThan(2));
  shop.mood = 'lose';
  const placed = shop.orders.size;
  await eventually(() => expect(shop.orders.size).toBeGreaterThan(placed + 2));
  await before.close();
  const keys = before.all().map(({ key }) => key);
  expect(before.all().filter(({ acceptedAt }) => acceptedAt === null).length).toBeGreaterThan(2);
  shop.mood = 'well';
  // Also of a try that is still on its way to it.
  shop.end = 'PAID';
  for (const order of shop.orders.values()) order.status = 'PAID';

  const after = await open();
  expect(after.seen().asked).toBe(keys.length);
  await settled(after);
  expect(new Set(after.all().map(({ key }) => key))).toEqual(new Set(keys));
  expect(shop.orders.size).toBe(keys.length);
  const count = keys.length;
  expect(tallyOrders(after.all(), await listed(), null)).toMatchObject({
    asked: count,
    accepted: count,
    paid: count,
    lost: 0,
    doubled: 0,
  });
  after.start();
  await asked(after, count + 1);
  expect(new Set(after.all().map(({ key }) => key)).size).toBe(after.all().length);
});

test('an order that was accepted and is gone stays open, and is found when it is there again', async () => {
  const { shop, open } = await aDrillWithOrders({ perSecond: 1 });
  shop.end = undefined;
  const orders = await open();
  orders.start();
  await asked(orders, 1);
  orders.stop();
  await eventually(() => expect(orders.seen().accepted).toBe(orders.seen().asked));
  const [id, order] = [...shop.orders][0]!;
  shop.orders.delete(id);
  await eventually(() => expect(orders.all()[0]).toMatchObject({ status: 'MISSING', endedAt: null }));
  expect(tallyOrders(orders.all(), null, null).lostIds).toContain(id);
  shop.orders.set(id, order);
  for (const one of shop.orders.values()) one.status = 'CANCELLED';
  await settled(orders);
});

test('orders are listed over all pages, and only the drill’s', async () => {
  const { shop, open, listed } = await aDrillWithOrders();
  shop.pageSize = 2;
  shop.place('other', { name: 'Ada', email: 'ada@example.com' });
  const orders = await open();
  orders.start();
  await asked(orders, 5);
  orders.stop();
  await settled(orders);
  expect((await listed()).length).toBe(orders.seen().asked);
});

test('a drill whose product cannot be made ready says so once and asks when it can', async () => {
  const { shop, open, lines } = await aDrillWithOrders({ timeoutMs: 500 });
  shop.deaf = true;
  const orders = await open();
  orders.start();
  await eventually(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({ msg: 'preparing the product of drills failed; trying on' });
  expect(orders.seen().asked).toBe(0);
  shop.deaf = false;
  await asked(orders, 1);
  expect(lines).toHaveLength(1);
});
