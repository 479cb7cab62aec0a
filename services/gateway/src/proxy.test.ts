import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { startGateway, startService, textOf } from '../test/harness.ts';

test('a request reaches the service with its body, and the answer the client, as they are', async () => {
  const order = await startService(async (req, res) => {
    const body = await textOf(req);
    res.writeHead(201, {
      location: '/api/orders/1',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'text/plain',
    });
    res.end(`${req.headers['content-type']} ${req.headers['content-length']} ${body}`);
  });
  const { url } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"é":1}',
  });
  expect(response.status).toBe(201);
  expect(response.headers.get('location')).toBe('/api/orders/1');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe('application/json 8 {"é":1}');
});

test('an error of the service is passed on as it is', async () => {
  const order = await startService((_req, res) => {
    res.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '7' });
    res.end('{"code":"unavailable","detail":"my own words"}');
  });
  const { url } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
  expect(await response.json()).toEqual({ code: 'unavailable', detail: 'my own words' });
});

test('HEAD and answers without content have no body', async () => {
  const order = await startService((req, res) => {
    if (req.method === 'HEAD') res.setHeader('content-length', 42).end();
    else res.writeHead(204).end();
  });
  const { url } = await startGateway({ order });
  const head = await fetch(`${url}/api/orders`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '42', '']);
  const none = await fetch(`${url}/api/orders/1`, { method: 'DELETE' });
  expect([none.status, await none.text()]).toEqual([204, '']);
});

test('hundreds of requests at once share at most 64 connections, and all are answered', async () => {
  const connections = new Set<unknown>();
  const order = await startService((req, res) => {
    connections.add(req.socket);
    setTimeout(() => res.end('ok'), 50); // all the others come meanwhile
  });
  const { url } = await startGateway({ order }, { timeoutMs: 10_000 });
  const answers = await Promise.all(
    Array.from({ length: 300 }, async () => (await fetch(`${url}/api/orders`)).text()),
  );
  expect(answers.every((answer) => answer === 'ok')).toBe(true);
  expect(connections.size).toBeLessThanOrEqual(64);
});

test('metrics and logs name the pattern of the route and the correlation id, never an id of an order', async () => {
  const payment = await startService((_req, res) => {
    res.statusCode = 409;
    res.end();
  });
  const { url, metrics, lines } = await startGateway({ payment });
  const headers = { 'x-correlation-id': 'thread-1' };
  await fetch(`${url}/api/orders/secret-id/pay`, { method: 'POST', headers });
  const text = await metrics.registry.metrics();
  expect(text).toContain(
    'gateway_upstream_response_seconds_count{service="test",upstream="payment",route="/api/orders/:id/pay",status="409"} 1',
  );
  expect(text).toContain('route="/api/orders/:id/pay",status="409"');
  expect(text).toContain('gateway_upstream_requests{upstream="payment",state="queued",service="test"} 0');
  expect(text).not.toContain('secret-id');
  await eventually(() =>
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'request', correlationId: 'thread-1', status: 409 }),
    ),
  );
});
