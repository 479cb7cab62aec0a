import { expect, test } from 'vitest';
import { problemOf, startGateway, startService, textOf } from '../test/harness.ts';

const MEGABYTE = 1024 * 1024;

test('a body that says it is too large is refused before the service hears of it', async () => {
  let asked = 0;
  const order = await startService((_req, res) => {
    asked += 1;
    res.end();
  });
  const { url } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`, { method: 'POST', body: Buffer.alloc(2 * MEGABYTE) });
  expect(response.status).toBe(413);
  expect((await problemOf(response)).code).toBe('payload_too_large');
  expect(asked).toBe(0);
});

test('a body that turns out too large is refused, and the service never hears of it', async () => {
  let asked = 0;
  const order = await startService((_req, res) => {
    asked += 1;
    res.end();
  });
  const { open, url } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders', { method: 'POST' });
  const chunk = Buffer.alloc(MEGABYTE / 8);
  for (let i = 0; i < 16; i++) outgoing.write(chunk);
  outgoing.end();
  const response = await answer;
  expect(response.statusCode).toBe(413);
  expect(JSON.parse(await textOf(response)).code).toBe('payload_too_large');
  expect(asked).toBe(0);
  // The gateway itself goes on.
  expect((await fetch(`${url}/health`)).status).toBe(503); // not ready: nobody said so in this test
});

test.each([
  ['of known length', { 'content-length': String(MEGABYTE) }],
  ['in chunks', { 'transfer-encoding': 'chunked' }],
])('a body of exactly the limit passes, %s', async (_how, headers) => {
  const order = await startService(async (req, res) => res.end(String((await textOf(req)).length)));
  const { open } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers });
  outgoing.end(Buffer.alloc(MEGABYTE, 'x'));
  expect(await textOf(await answer)).toBe(String(MEGABYTE));
});

test('a client that is too slow to send its body is told so, and holds no service up', async () => {
  let asked = 0;
  const order = await startService((_req, res) => {
    asked += 1;
    res.end();
  });
  const { open } = await startGateway({ order }, { timeoutMs: 200 });
  const { outgoing, answer } = open('/api/orders', { method: 'POST', headers: { 'content-length': '100' } });
  outgoing.write('{');
  const response = await answer;
  expect(response.statusCode).toBe(400);
  expect(JSON.parse(await textOf(response)).detail).toContain('did not arrive within 200 ms');
  outgoing.destroy();
  expect(asked).toBe(0);
});
