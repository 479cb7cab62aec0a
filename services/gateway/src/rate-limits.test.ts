import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { smallRedis } from '@orderflow/testing/small-redis';
import { as } from '@orderflow/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { problemOf, startGateway, startService, testQuotas } from '../test/harness.ts';
import { openQuotaRedis } from './shared-quotas.ts';

const everything = async () => {
  const url = await startService((_req, res) => res.end('ok'));
  return { order: url, customer: url, inventory: url, payment: url };
};
const from = (address: string) => ({ 'x-forwarded-for': address });

/** A Redis that takes connections and never says a word. */
async function silentRedis(): Promise<string> {
  const sockets = new Set<{ destroy: () => void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fullRedis(): Promise<string> {
  const { url, fill } = await smallRedis();
  await fill();
  return url;
}

function deadQuotas(url = 'redis://127.0.0.1:1') {
  const redis = openQuotaRedis(url);
  onTestFinished(() => redis.disconnect());
  return { redis, prefix: `${randomUUID()}:` };
}

test('an address has its quota, shared by all replicas; the rest is 429 that says when to come again', async () => {
  const quotas = await testQuotas();
  const services = await everything();
  const options = { ...quotas, limits: { address: 3 }, trustProxy: 1 };
  const [a, b] = [await startGateway(services, options), await startGateway(services, options)];
  const headers = from('203.0.113.1');
  const statuses = [];
  for (const { url } of [a, b, a]) statuses.push((await fetch(`${url}/api/orders`, { headers })).status);
  expect(statuses).toEqual([200, 200, 200]);

  const refused = await fetch(`${b.url}/api/orders`, { headers });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '20']);
  expect((await problemOf(refused)).code).toBe('rate_limited');
  expect(await b.metrics.registry.metrics()).toContain(
    'gateway_rate_limited_total{kind="general",service="test"} 1',
  );
  expect((await fetch(`${b.url}/api/orders`, { headers: from('203.0.113.2') })).status).toBe(200);
});

test('a refused request takes nothing: who waits as told is served', async () => {
  const { url } = await startGateway(await everything(), { limits: { address: 60 } });
  const answers: Response[] = [];
  for (let i = 0; i < 80; i++) answers.push(await fetch(`${url}/api/orders`));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThan(75);
  const refused = answers.at(-1)!;
  expect(refused.status).toBe(429);
  await sleep(Number(refused.headers.get('retry-after')) * 1_000);
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

test('answers tell what is left, as draft 8 of the RateLimit headers has it', async () => {
  const { url } = await startGateway(await everything(), { limits: { address: 60, user: 6, auth: 2 } });
  const anonymous = await fetch(`${url}/api/orders`);
  expect(anonymous.headers.get('ratelimit-policy')).toBe('"address";q=60;w=60');
  expect(anonymous.headers.get('ratelimit')).toBe('"address";r=59;t=1');
  const headers = await as.admin();
  const known = await fetch(`${url}/api/orders`, { headers });
  expect(known.headers.get('ratelimit-policy')).toBe('"address";q=60;w=60, "user";q=6;w=60');
  expect(known.headers.get('ratelimit')).toMatch(/^"address";r=58;t=\d, "user";r=5;t=10$/);
  const login = await fetch(`${url}/api/auth/login`, { method: 'POST' });
  expect(login.headers.get('ratelimit')).toMatch(/"auth";r=1;t=30$/);
});

test('an account has its quota wherever it is used, and an address none for all its accounts', async () => {
  const { url } = await startGateway(await everything(), { limits: { user: 2 }, trustProxy: 1 });
  const [ada, bob] = [await as.customer('ada@example.org'), await as.customer('bob@example.org')];
  const ask = async (who: Record<string, string>, address: string) =>
    (await fetch(`${url}/api/orders`, { headers: { ...who, ...from(address) } })).status;
  expect(await ask(ada, '203.0.113.1')).toBe(200);
  expect(await ask(ada, '203.0.113.2')).toBe(200);
  expect(await ask(ada, '203.0.113.3')).toBe(429);
  expect(await ask(bob, '203.0.113.3')).toBe(200);
});

test('attempts to log in have a stricter quota of their own', async () => {
  const { url } = await startGateway(await everything(), { limits: { auth: 2 } });
  const login = async (path: string) => (await fetch(url + path, { method: 'POST' })).status;
  const paths = ['/api/auth/login', '/API/auth/register', '/api/auth/refresh'];
  expect(await Promise.all(paths.map(login))).toEqual(expect.arrayContaining([200, 200, 429]));
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

test('bad tokens are 401 and count: who guesses them is limited as well', async () => {
  const { url } = await startGateway(await everything(), { limits: { address: 2 } });
  const headers = { authorization: 'Bearer guessed' };
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await fetch(`${url}/api/products`, { headers })).status);
  expect(statuses).toEqual([401, 401, 429]);
});

test('other parts of OrderFlow, probes and the documentation are not counted', async () => {
  const { url, health } = await startGateway(await everything(), { limits: { address: 1 } });
  health.setReady(true);
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
  const headers = await as.service();
  const own = await fetch(`${url}/api/orders`, { headers });
  expect([own.status, own.headers.get('ratelimit')]).toEqual([200, null]);
  for (const path of ['/health', '/livez', '/docs', '/openapi.json']) {
    expect((await fetch(url + path)).status).toBe(200);
  }
  expect((await fetch(`${url}/api/orders`)).status).toBe(429);
});

test('what a client says of its address does not count', async () => {
  const { url } = await startGateway(await everything(), { limits: { address: 1 } });
  expect((await fetch(`${url}/api/orders`, { headers: from('203.0.113.1') })).status).toBe(200);
  expect((await fetch(`${url}/api/orders`, { headers: from('203.0.113.2') })).status).toBe(429);
});

test.each(['203.0.113.1', '203.0.113.1:50123', '203.0.113.1:50124'])(
  'behind a proxy the address that it heard counts, whatever the client wrote before it: %s',
  async (heard) => {
    const { url } = await startGateway(await everything(), { limits: { address: 1 }, trustProxy: 1 });
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${url}/api/orders`, { headers })).status;
    expect(await ask(from('203.0.113.1'))).toBe(200);
    expect(await ask(from(`198.51.100.7, ${heard}`))).toBe(429);
    expect(await ask({ ...from(`198.51.100.8,${heard}`), forwarded: 'for=198.51.100.9' })).toBe(429);
    expect(await ask({ ...from(heard), 'x-real-ip': '198.51.100.9' })).toBe(429);
  },
);

const cardRoutes = ['/api/payments/methods', '/API/payments/methods/', '/api/orders/1/pay'];

test('sending cards has a stricter quota of its own for each account, by whichever address of the API', async () => {
  const { url, metrics } = await startGateway(await everything(), {
    limits: { 'card-user': 2 },
    trustProxy: 1,
  });
  const [ada, bob] = [await as.customer('ada@example.org'), await as.customer('bob@example.org')];
  const send = (who: Record<string, string>, path: string, address: string, method = 'POST') =>
    fetch(url + path, { method, headers: { ...who, ...from(address) } });
  const answers = [];
  for (const [i, path] of cardRoutes.entries()) answers.push(await send(ada, path, `203.0.113.${i}`));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers[0]!.headers.get('ratelimit')).toMatch(/"card-user";r=1;t=30/);
  expect((await problemOf(answers[2]!)).code).toBe('rate_limited');
  expect(await metrics.registry.metrics()).toContain(
    'gateway_rate_limited_total{kind="card",service="test"} 1',
  );
  expect((await send(ada, '/api/payments', '203.0.113.1', 'GET')).status).toBe(200);
  expect((await send(bob, cardRoutes[0]!, '203.0.113.1')).status).toBe(200);
});

test('sending cards has a quota for each address as well, which nobody without a token uses up', async () => {
  const { url } = await startGateway(await everything(), { limits: { 'card-address': 2 } });
  const send = async (headers: Record<string, string>) =>
    (await fetch(url + cardRoutes[0], { method: 'POST', headers })).status;
  for (let i = 0; i < 3; i++) expect(await send({})).toBe(200);
  for (const status of [200, 200, 429])
    expect(await send(await as.customer(`${randomUUID()}@example.org`))).toBe(status);
  expect(await send(await as.service())).toBe(200);
});

test('while Redis is dead cards are limited all the same', async () => {
  const { url } = await startGateway(await everything(), { ...deadQuotas(), limits: { 'card-user': 2 } });
  const headers = await as.customer('ada@example.org');
  const statuses = [];
  for (const path of cardRoutes) statuses.push((await fetch(url + path, { method: 'POST', headers })).status);
  expect(statuses).toEqual([200, 200, 429]);
});

const brokenRedis = { dead: async () => undefined, silent: silentRedis, full: fullRedis };

test.each(['dead', 'silent', 'full'] as const)(
  'while Redis is %s all passes soon, with a metric and one warning',
  async (how) => {
    const quotas = deadQuotas(await brokenRedis[how]());
    const { url, lines, metrics } = await startGateway(await everything(), {
      ...quotas,
      limits: { address: 1 },
    });
    await fetch(`${url}/api/orders`); // connections are made
    const startedAt = performance.now();
    for (let i = 0; i < 30; i++) expect((await fetch(`${url}/api/orders`)).status).toBe(200);
    // Three wait 50 ms at most, the others not at all; a busy machine is let off.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await metrics.registry.metrics()).toContain(
      'gateway_rate_limit_uncounted_total{service="test"} 31',
    );
    expect(lines.filter(({ msg }) => String(msg).startsWith('Redis does not count'))).toHaveLength(1);
  },
);

test('while Redis is dead attempts to log in are limited all the same', async () => {
  const { url } = await startGateway(await everything(), { ...deadQuotas(), limits: { auth: 2 } });
  const statuses = [];
  for (let i = 0; i < 3; i++)
    statuses.push((await fetch(`${url}/api/auth/login`, { method: 'POST' })).status);
  expect(statuses).toEqual([200, 200, 429]);
  expect((await fetch(`${url}/api/orders`)).status).toBe(200);
});

test('requests are counted again when Redis has lost all it knew, scripts included', async () => {
  const quotas = await testQuotas();
  const { url } = await startGateway(await everything(), { ...quotas, limits: { address: 2 } });
  await fetch(`${url}/api/orders`);
  await quotas.redis.script('FLUSH');
  await quotas.redis.del(`${quotas.prefix}address:127.0.0.1`);
  const answer = await fetch(`${url}/api/orders`);
  expect(answer.headers.get('ratelimit')).toBe('"address";r=1;t=30');
});
