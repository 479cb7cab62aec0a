import type { Bounds } from '@orderflow/service-kit/shares';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { internalToken, MEMORY_LIMIT, startGatewayProcess } from '../test/gateway-process.ts';
import { problemOf, startGateway, startService, textOf } from '../test/harness.ts';
import { beginUpload } from '../test/unfinished-upload.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;

const sizes = () => startService(async (req, res) => res.end(String((await textOf(req)).length)));

const token = { authorization: `Bearer ${internalToken}` };
const bad = { authorization: 'Bearer made-up' };

const orders = { path: '/api/orders' };
const images = { method: 'PUT', path: '/api/products/1/image' };

type Attack = { count: number } & Parameters<typeof beginUpload>[1];

/** Unfinished uploads of every kind: how many, who sends them, and what. */
const attacks: Attack[] = [
  { count: 300, ...orders, bytes: 60 * KILOBYTE },
  { count: 30, ...orders, bytes: 8 * KILOBYTE, chunks: 8 * KILOBYTE }, // in single bytes
  { count: 80, ...images, bytes: MEGABYTE },
  { count: 20, ...images, bytes: MEGABYTE, headers: bad },
  { count: 60, ...images, bytes: 2 * MEGABYTE - 1, headers: token },
  { count: 40, ...images, bytes: MEGABYTE, chunks: 16, headers: token },
];

test('hundreds of unfinished uploads of every kind do not fill the memory, and others are served', async () => {
  const gateway = await startGatewayProcess({ order: await sizes(), redisUrl: testRedis().url });
  let peak = 0;
  for (const { count, headers, ...upload } of attacks) {
    for (let i = 0; i < count; i++) {
      const from = { 'x-forwarded-for': `203.0.113.${i % 12}`, ...headers };
      beginUpload(gateway.port, { ...upload, headers: from });
      if (i % 20 === 0) peak = Math.max(peak, await gateway.memory());
    }
    const order = await fetch(`${gateway.url}/api/orders`, {
      method: 'POST',
      headers: { ...token, 'x-forwarded-for': '198.51.100.1' },
      body: 'x'.repeat(20_000),
    });
    // Uploads with a token may use up the budget of all with one; those without one may not.
    if (headers !== token) expect(await order.text()).toBe('20000');
    else expect([200, 503]).toContain(order.status);
    peak = Math.max(peak, await gateway.memory());
  }
  expect(peak).toBeLessThan(MEMORY_LIMIT);
}, 90_000);

/** A gateway with a small budget, and a way to begin uploads at it. */
async function withBudget(known: Bounds, nobodys: Bounds = known) {
  const gateway = await startGateway({ order: await sizes() }, { intake: { known, nobodys }, trustProxy: 1 });
  const begin = (address: string, headers: Record<string, string> = {}) =>
    beginUpload(gateway.port, {
      path: '/api/orders',
      headers: { 'x-forwarded-for': address, ...headers },
      bytes: 999, // of 1,000
    });
  const place = (address: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/api/orders`, {
      method: 'POST',
      headers: { 'x-forwarded-for': address, ...headers },
      body: 'x'.repeat(500),
    });
  const bytes = async (budget: string) =>
    new RegExp(`gateway_body_bytes.budget="${budget}",service="test". (\\d+)`).exec(
      await gateway.metrics.registry.metrics(),
    )?.[1];
  return { ...gateway, begin, place, bytes };
}

test('an address that has its share of bytes under way is told 429, and others are served', async () => {
  const { begin, place, bytes, metrics } = await withBudget({ total: 10_000, each: 2_000 });
  const uploads = [begin('203.0.113.1'), begin('203.0.113.1')];
  await eventually(async () => expect(await bytes('nobodys')).toBe('2000'));
  const refused = await place('203.0.113.1');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await problemOf(refused)).code).toBe('rate_limited');
  expect(await metrics.registry.metrics()).toContain(
    'gateway_body_refusals_total{why="each",service="test"} 1',
  );
  expect((await place('203.0.113.2')).status).toBe(200);
  for (const { leave } of uploads) leave();
  await eventually(async () => expect(await bytes('nobodys')).toBe('0'));
  expect((await place('203.0.113.1')).status).toBe(200);
});

test('when all have used up the budget, bodies are told 503; those with a token have a budget of their own', async () => {
  const { begin, place, bytes, metrics, url } = await withBudget({ total: 3_000, each: 1_000 });
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) begin(address);
  await eventually(async () => expect(await bytes('nobodys')).toBe('3000'));
  const refused = await place('203.0.113.4');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await problemOf(refused)).code).toBe('unavailable');
  expect(await metrics.registry.metrics()).toContain(
    'gateway_body_refusals_total{why="total",service="test"} 1',
  );
  expect((await place('203.0.113.4', await as.customer())).status).toBe(200);
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

test('a body in chunks counts as it grows', async () => {
  const { port, bytes } = await withBudget({ total: MEGABYTE, each: 200 * KILOBYTE });
  const headers = await as.customer();
  const begin = (sent: number) =>
    beginUpload(port, { path: '/api/orders', headers, bytes: sent, chunks: 10 });
  begin(50 * KILOBYTE);
  await eventually(async () => expect(await bytes('known')).toBe(String(64 * KILOBYTE)));
  const second = begin(100 * KILOBYTE);
  await eventually(async () => expect(await bytes('known')).toBe(String((64 + 128) * KILOBYTE)));
  expect(second.status()).toBeUndefined();
  const third = begin(10 * KILOBYTE);
  await eventually(() => expect(third.status()).toBe(429));
});

test('what was taken of a body is let go of when its token turns out bad', async () => {
  const { begin, bytes } = await withBudget({ total: 10_000, each: 2_000 });
  const { status } = begin('203.0.113.1', bad);
  await eventually(() => expect(status()).toBe(401));
  expect(await bytes('known')).toBe('0');
});

test('who goes on sending after a refusal is cut off', async () => {
  const gateway = await startGateway({}, { intake: { lingerMs: 100 } });
  const upload = beginUpload(gateway.port, { method: 'PUT', path: '/api/products/1/image', bytes: 1_000 });
  await eventually(() => expect(upload.status()).toBe(401));
  await eventually(() => expect(upload.closed()).toBe(true));
});
