import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { eventually } from '@orderflow/testing/eventually';
import { Pool } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { problemOf, startGateway, startService, textOf } from '../test/harness.ts';

test.each(['GET', 'POST'])(
  '%s to a service that nobody runs is a 503 that says when to come again',
  async (method) => {
    const { url, lines } = await startGateway({});
    const response = await fetch(`${url}/api/orders`, { method, body: method === 'POST' ? '{}' : undefined });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const document = await problemOf(response);
    expect(document).toMatchObject({ code: 'unavailable', status: 503 });
    expect(document.traceId).toBe(response.headers.get('x-correlation-id'));
    expect(lines).toContainEqual(
      expect.objectContaining({ correlationId: document.traceId, upstream: 'order', reason: 'ECONNREFUSED' }),
    );
  },
);

test('a GET whose kept connection broke is sent again on a fresh one', async () => {
  const connections = new Set<unknown>();
  let asked = 0;
  const order = await startService((req, res) => {
    asked += 1;
    connections.add(req.socket);
    if (asked === 2) req.socket.resetAndDestroy();
    else res.end(`answer ${asked}`);
  });
  const { url, metrics } = await startGateway({ order });
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('answer 1');
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('answer 3');
  expect(connections.size).toBe(2);
  expect(await metrics.registry.metrics()).toContain(
    'gateway_upstream_retries_total{upstream="order",service="test"} 1',
  );
});

test('a GET is sent twice at most', async () => {
  let asked = 0;
  const order = await startService((req) => {
    asked += 1;
    req.socket.resetAndDestroy();
  });
  const { url } = await startGateway({ order });
  expect((await fetch(`${url}/api/orders`)).status).toBe(503);
  expect(asked).toBe(2);
});

test.each([
  ['POST', '{}'],
  ['POST', undefined],
  ['DELETE', undefined],
])('a %s with the body %s that was sent is never sent again', async (method, body) => {
  let asked = 0;
  const order = await startService((req) => {
    asked += 1;
    req.on('error', () => {}).resume();
    req.socket.resetAndDestroy();
  });
  const { url } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`, { method, body });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(asked).toBe(1);
});

test('a POST that could not be sent at all is sent on a fresh connection, with its body whole', async () => {
  const bodies: string[] = [];
  const living = await startService(async (req, res) => {
    bodies.push(await textOf(req));
    res.end('done');
  });
  const { url, upstreams } = await startGateway({});
  upstreams.order.fresh = new Pool(living);
  onTestFinished(() => upstreams.order.fresh.destroy());
  const response = await fetch(`${url}/api/orders`, { method: 'POST', body: 'x'.repeat(50_000) });
  expect(await response.text()).toBe('done');
  expect(bodies).toEqual(['x'.repeat(50_000)]);
});

/** A service that does what it is asked and is gone, or silent, before it can say so. */
async function muteService(how: 'dies' | 'is silent' | 'talks nonsense') {
  const order = await startService((req, res) => {
    req.on('error', () => {}).resume();
    if (how === 'dies') req.socket.resetAndDestroy();
    if (how === 'talks nonsense') res.socket!.end('nonsense\r\n\r\n');
  });
  return startGateway({ order, customer: order }, { timeoutMs: 200 });
}

test.each(['dies', 'is silent', 'talks nonsense'] as const)(
  'an order placed at a service that %s may be there: with a key it can be placed again, without one somebody has to look',
  async (how) => {
    const { url } = await muteService(how);
    const place = (headers: Record<string, string>) =>
      fetch(`${url}/api/orders`, { method: 'POST', body: '{}', headers });
    const keyed = await place({ 'idempotency-key': 'k-1' });
    expect([keyed.status, keyed.headers.get('retry-after')]).toEqual([503, '1']);
    expect(keyed.headers.get('idempotency-key')).toBe('k-1');
    expect(await problemOf(keyed)).toMatchObject({
      code: 'outcome_unknown',
      detail: expect.stringContaining('with the Idempotency-Key'),
    });
    const unkeyed = await place({});
    expect(unkeyed.headers.get('idempotency-key')).toBeNull();
    expect(await problemOf(unkeyed)).toMatchObject({
      code: 'outcome_unknown',
      detail: expect.stringContaining('Read what became of it'),
    });
  },
);

test('a key at an operation that takes none makes nothing safe, and is not named', async () => {
  const { url } = await muteService('dies');
  const headers = { 'idempotency-key': 'k-1' };
  const response = await fetch(`${url}/api/auth/login`, { method: 'POST', body: '{}', headers });
  expect((await problemOf(response)).code).toBe('outcome_unknown');
  expect(response.headers.get('idempotency-key')).toBeNull();
});

test('what was not sent was not done, and says so by its code', async () => {
  const { url } = await startGateway({});
  const response = await fetch(`${url}/api/orders`, { method: 'POST', body: '{}' });
  expect((await problemOf(response)).code).toBe('unavailable');
});

test('a service that is too slow is a 504, and is told that nobody waits', async () => {
  let left = false;
  const order = await startService((_req, res) => {
    res.once('close', () => {
      left = true;
    });
  });
  const { url } = await startGateway({ order }, { timeoutMs: 200 });
  const response = await fetch(`${url}/api/orders`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([504, '1']);
  expect((await problemOf(response)).code).toBe('upstream_timeout');
  await eventually(() => expect(left).toBe(true));
});

test('who waits for a connection in vain gets a 504, and can ask again on the connection it has', async () => {
  const order = await startService((req, res) => {
    if (req.method === 'GET') res.write('for ever');
    else req.resume().on('end', () => res.end('done'));
  });
  const { open, upstreams } = await startGateway({ order }, { timeoutMs: 200 });
  upstreams.order.kept = new Pool(order, { connections: 1 });
  onTestFinished(() => upstreams.order.kept.destroy());
  const holder = open('/api/orders');
  holder.outgoing.end();
  await holder.answer;

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const waiting = open('/api/orders', { method: 'POST', agent });
  waiting.outgoing.end(Buffer.alloc(50_000));
  const refused = await waiting.answer;
  expect(refused.statusCode).toBe(504);
  await textOf(refused);

  holder.outgoing.destroy();
  const again = open('/api/orders', { method: 'POST', agent });
  again.outgoing.end('{}');
  expect(await textOf(await again.answer)).toBe('done');
  expect(again.outgoing.reusedSocket).toBe(true);
});

test('what is no HTTP is a 502', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('nonsense\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { url } = await startGateway({ order: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const response = await fetch(`${url}/api/orders`);
  expect(response.status).toBe(502);
  expect((await problemOf(response)).code).toBe('upstream_failed');
});
