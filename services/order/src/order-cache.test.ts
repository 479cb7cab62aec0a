import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { startRedis } from '@orderflow/local-runtime/redis';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { smallRedis } from '@orderflow/testing/small-redis';
import { as } from '@orderflow/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { orderService } from '../test/harness.ts';
import { createOrderMetrics } from './metrics.ts';
import { createOrderCache } from './order-cache.ts';

/** A cache in front of one order, whose reads from Postgres are counted. */
async function cachedOrder(options: Parameters<typeof createOrderCache>[1] = {}, redis = testRedis().redis) {
  const { api, addProduct } = await orderService();
  const { productId } = await addProduct();
  const customer = { name: 'Ada', email: 'ada@example.com' };
  const placed = { customer, items: [{ productId, quantity: 1 }] };
  const order: OrderView = (await api.post('/api/orders').send(placed).expect(201)).body;
  const now = { order, loads: 0 };
  const load = async () => {
    now.loads += 1;
    return now.order;
  };
  const replica = () => {
    const scope = testScope();
    const metrics = createOrderMetrics(scope.metrics);
    const cache = createOrderCache({ redis, metrics, log: scope.log }, options);
    const counted = async (operation: string, outcome: string) =>
      (await metrics.cache.get()).values.find(
        ({ labels }) => labels.operation === operation && labels.outcome === outcome,
      )?.value ?? 0;
    return { ...scope, cache, counted, read: () => cache.read(order.id, load) };
  };
  onTestFinished(() => void redis.del(`order:cache:${order.id}`).catch(() => {}));
  return {
    redis,
    now,
    replica,
    id: order.id,
    changed: () => ({ ...order, version: 2, status: 'CONFIRMED' as const }),
  };
}

test('an order is read from Postgres once for all replicas', async () => {
  const { now, replica } = await cachedOrder();
  const [one, other] = [replica(), replica()];
  expect(await one.read()).toEqual(now.order);
  await eventually(async () => expect(await one.counted('store', 'stored')).toBe(1));
  expect([await one.read(), await other.read()]).toEqual([now.order, now.order]);
  expect(now.loads).toBe(1);
  expect([await other.counted('read', 'hit'), await one.counted('read', 'miss')]).toEqual([1, 1]);
});

test('who changes an order makes every replica read it anew', async () => {
  const { now, replica, id, changed } = await cachedOrder();
  const [one, other] = [replica(), replica()];
  await one.read();
  await eventually(async () => expect(await one.counted('store', 'stored')).toBe(1));
  now.order = changed();
  one.cache.drop(new Map([[id, 2]]));
  await one.cache.settled();
  expect((await other.read()).status).toBe('CONFIRMED');
});

test('what was read before a change is not put back over it', async () => {
  const { now, replica, id, changed } = await cachedOrder();
  const one = replica();
  const old = now.order;
  const seen = await one.cache.read(id, async () => {
    now.order = changed();
    one.cache.drop(new Map([[id, 2]]));
    await one.cache.settled();
    return old;
  });
  expect(seen.version).toBe(1);
  await eventually(async () => expect(await one.counted('store', 'refused')).toBe(1));
  expect((await one.read()).version).toBe(2);
});

test('an order whose drop was lost is shown for its time to live and no longer', async () => {
  const { now, replica, changed } = await cachedOrder({ ttlMs: 300 });
  const one = replica();
  await one.read();
  await eventually(async () => expect(await one.counted('store', 'stored')).toBe(1));
  now.order = changed();
  await eventually(async () => expect((await one.read()).version).toBe(2), { timeoutMs: 2_000 });
});

test.each([
  ['what is no order', () => '{"id":'],
  ['the order of another version of the code', () => JSON.stringify({ id: newId() })],
])('%s in Redis counts as nothing', async (_what, text) => {
  const { redis, now, replica, id } = await cachedOrder();
  await redis.hset(`order:cache:${id}`, { version: 1, order: text(), until: Date.now() + 60_000 });
  expect(await replica().read()).toEqual(now.order);
  expect(now.loads).toBe(1);
});

test('a Redis that hangs makes reads a little slower and never wrong, and is used again when it is back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderflow-cache-'));
  const server = await startRedis({ dataDir: folder, port: 0, log: () => {} });
  const redis = createCommandClient({ url: server.url, name: 'test', log: silentLog });
  onTestFinished(async () => {
    redis.disconnect();
    server.kill('SIGCONT');
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const { now, replica, id, changed } = await cachedOrder({ pauseMs: 200, ttlMs: 500 }, redis);
  const one = replica();
  await one.read();
  await eventually(async () => expect(await one.counted('store', 'stored')).toBe(1));

  server.kill('SIGSTOP');
  expect(await one.read()).toEqual(now.order);
  now.order = changed();
  one.cache.drop(new Map([[id, 2]]));
  await one.cache.settled();
  expect((await one.read()).version).toBe(2);
  expect(await one.counted('read', 'skipped')).toBeGreaterThan(0);
  expect(one.lines.filter(({ msg }) => msg === 'reading orders without Redis')).toHaveLength(1);

  server.kill('SIGCONT');
  const hits = await one.counted('read', 'hit');
  await eventually(async () => {
    expect((await one.read()).version).toBe(2);
    expect(await one.counted('read', 'hit')).toBeGreaterThan(hits);
  });
});

test('while Redis is full, orders are placed, moved and read as they are', async () => {
  const { redis, fill } = await smallRedis();
  const { api, addProduct, db, replica } = await orderService({ redis });
  const { productId } = await addProduct();
  await fill();
  await expect(redis.set('key', 'value')).rejects.toThrow('OOM');
  const customer = { name: 'Ada', email: 'ada@example.com' };
  const placed = { customer, items: [{ productId, quantity: 1 }] };
  const { id } = (await api.post('/api/orders').send(placed).expect(201)).body;
  const other = (await replica()).by(await as.service());
  expect((await other.get(`/api/orders/${id}`).expect(200)).body.status).toBe('PENDING');
  await db.query("UPDATE orders SET status = 'PAID'");
  await api.post(`/api/orders/${id}/ship`).expect(200);
  expect((await other.get(`/api/orders/${id}`).expect(200)).body.status).toBe('SHIPPED');
});

test('over HTTP a move is seen at once, whichever replica is asked', async () => {
  const { api, addProduct, db, replica } = await orderService();
  const { productId } = await addProduct();
  const customer = { name: 'Ada', email: 'ada@example.com' };
  const placed = { customer, items: [{ productId, quantity: 1 }] };
  const { id } = (await api.post('/api/orders').send(placed).expect(201)).body;
  await db.query("UPDATE orders SET status = 'PAID'");
  const other = (await replica()).by(await as.service());
  await other.get(`/api/orders/${id}`).expect(200);
  await api.post(`/api/orders/${id}/ship`).expect(200);
  const { body } = await other.get(`/api/orders/${id}`).expect(200);
  expect([body.status, body.version]).toEqual(['SHIPPED', 2]);
});
