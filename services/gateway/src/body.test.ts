import { MAX_BODY_BYTES } from '@orderflow/contracts/api/operation';
import { MAX_IMAGE_BYTES } from '@orderflow/contracts/http/catalogue';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { problemOf, startGateway, startService, textOf } from '../test/harness.ts';

/** A gateway before services that answer with the size of a body, and how often they were asked. */
async function withSizes(options: Parameters<typeof startGateway>[1] = {}) {
  let asked = 0;
  const service = await startService(async (req, res) => {
    asked += 1;
    res.end(String((await textOf(req)).length));
  });
  const gateway = await startGateway({ order: service, inventory: service, customer: service }, options);
  return { ...gateway, asked: () => asked };
}

test('a body that says it is too large is refused before the service hears of it', async () => {
  const { url, asked } = await withSizes();
  const body = Buffer.alloc(MAX_BODY_BYTES + 1);
  const headers = await as.customer();
  const response = await fetch(`${url}/api/orders`, { method: 'POST', headers, body });
  expect(response.status).toBe(413);
  expect((await problemOf(response)).code).toBe('payload_too_large');
  expect(asked()).toBe(0);
});

test('a body that turns out too large is refused, and the service never hears of it', async () => {
  const { open, url, asked } = await withSizes();
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers: await as.customer() });
  const chunk = Buffer.alloc(MAX_BODY_BYTES / 8);
  for (let i = 0; i < 16; i++) outgoing.write(chunk);
  outgoing.end();
  const response = await answer;
  expect(response.statusCode).toBe(413);
  expect(JSON.parse(await textOf(response)).code).toBe('payload_too_large');
  expect(asked()).toBe(0);
  // The gateway itself goes on.
  expect((await fetch(`${url}/health`)).status).toBe(503); // not ready: nobody said so in this test
});

test.each([
  ['of known length', { 'content-length': String(MAX_BODY_BYTES) }],
  ['in chunks', { 'transfer-encoding': 'chunked' }],
])('a body of exactly the limit passes, %s', async (_how, headers) => {
  const { open } = await withSizes();
  const { outgoing, answer } = open('/api/orders', {
    method: 'POST',
    headers: { ...headers, ...(await as.customer()) },
  });
  outgoing.end(Buffer.alloc(MAX_BODY_BYTES, 'x'));
  expect(await textOf(await answer)).toBe(String(MAX_BODY_BYTES));
});

test.each([
  ['of known length', { 'content-length': '3000' }],
  ['in chunks', {}],
])('a body that comes in many small parts arrives as it is, %s', async (_how, headers) => {
  const order = await startService((req, res) => void req.pipe(res));
  const { open } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers });
  const parts = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, '0'));
  for (const part of parts) outgoing.write(part);
  outgoing.end();
  expect(await textOf(await answer)).toBe(parts.join(''));
});

test('pictures may be as large as the inventory takes them, and other bodies may not', async () => {
  const { url } = await withSizes();
  const headers = await as.seller();
  const send = (method: string, path: string, bytes: number) =>
    fetch(url + path, { method, headers, body: Buffer.alloc(bytes, 'x') });
  const picture = await send('PUT', '/api/products/1/image', MAX_IMAGE_BYTES);
  expect(await picture.text()).toBe(String(MAX_IMAGE_BYTES));
  expect((await send('PUT', '/API/products/1/image/', MAX_IMAGE_BYTES)).status).toBe(200);
  expect((await send('PATCH', '/api/products/1', MAX_IMAGE_BYTES)).status).toBe(413);
  expect((await send('PUT', '/api/products/1/image', MAX_IMAGE_BYTES + 1)).status).toBe(413);
});

test('a body without a token is small, and only for operations that are for anybody', async () => {
  const { url, asked } = await withSizes();
  const send = (path: string, bytes: number, method = 'POST') =>
    fetch(url + path, { method, body: Buffer.alloc(bytes, 'x') });
  expect(await (await send('/api/auth/login', 65_536)).text()).toBe('65536');
  expect((await send('/api/auth/login', 65_537)).status).toBe(413);
  expect((await send('/api/orders', 1_000)).status).toBe(200);
  expect(asked()).toBe(2);
  const refused = await send('/api/products/1/image', 1_000, 'PUT');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect((await problemOf(refused)).code).toBe('unauthenticated');
  expect((await send('/api/customers', 1_000)).status).toBe(401);
  expect(asked()).toBe(2);
});

test('a client that is too slow to send its body is told so, is cut off, and holds no service up', async () => {
  const { open, asked, metrics } = await withSizes({ intake: { graceMs: 200, lingerMs: 100 } });
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers: { 'content-length': '100' } });
  outgoing.on('error', () => {});
  outgoing.write('{');
  const response = await answer;
  expect(response.statusCode).toBe(400);
  expect(JSON.parse(await textOf(response)).detail).toContain('did not arrive within');
  await new Promise((closed) => outgoing.once('close', closed));
  expect(asked()).toBe(0);
  expect(await metrics.registry.metrics()).toContain(
    'gateway_body_refusals_total{why="too_slow",service="test"} 1',
  );
});

test('a slow body does not count as a slow service', async () => {
  const { open } = await withSizes({ timeoutMs: 200 });
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers: { 'content-length': '4' } });
  outgoing.write('{');
  await new Promise((later) => setTimeout(later, 400)); // longer than a service may take
  outgoing.end('}  ');
  expect(await textOf(await answer)).toBe('4');
});
