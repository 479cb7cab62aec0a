import { expect, test } from 'vitest';
import { startGateway, startService, textOf } from '../test/harness.ts';

test('the correlation id and trace of the client are kept', async () => {
  const order = await startService((req, res) => res.end(JSON.stringify(req.headers)));
  const { url } = await startGateway({ order });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const response = await fetch(`${url}/api/orders`, {
    headers: { 'x-correlation-id': 'mine-1', traceparent },
  });
  expect(response.headers.get('x-correlation-id')).toBe('mine-1');
  expect(await response.json()).toMatchObject({ 'x-correlation-id': 'mine-1', traceparent });
});

test('a request without a correlation id, or with a bad one, is given one that the client hears of', async () => {
  const order = await startService((req, res) => res.end(JSON.stringify(req.headers)));
  const { url } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`, { headers: { 'x-correlation-id': 'bad one' } });
  const given = response.headers.get('x-correlation-id');
  expect(given).toMatch(/^[0-9a-f-]{36}$/);
  const seen = (await response.json()) as Record<string, string>;
  expect(seen['x-correlation-id']).toBe(given);
  expect(seen.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

const claims = {
  forwarded: 'for=203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-forwarded-for': '198.51.100.1, 203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-prefix': '/admin',
};

test('the service hears who asked whom and over what, and nothing of what a client says of it', async () => {
  const order = await startService((req, res) => res.end(JSON.stringify(req.headers)));
  const { url, port } = await startGateway({ order });
  for (const headers of [{}, claims]) {
    const seen = (await (await fetch(`${url}/api/orders`, { headers })).json()) as Record<string, string>;
    expect(seen).toMatchObject({
      host: order.slice('http://'.length),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${port}`,
    });
    expect(Object.keys(seen)).not.toContain('forwarded');
    expect(Object.keys(seen)).not.toContain('x-real-ip');
    expect(Object.keys(seen)).not.toContain('x-forwarded-prefix');
  }
});

test.each([1, 'loopback'])(
  'of a trusted proxy (%s) it hears what that has met itself',
  async (trustProxy) => {
    const order = await startService((req, res) => res.end(JSON.stringify(req.headers)));
    const { url } = await startGateway({ order }, { trustProxy });
    expect(await (await fetch(`${url}/api/orders`, { headers: claims })).json()).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    });
  },
);

test('headers of one connection, and those that Connection names, go no further, either way', async () => {
  const order = await startService((req, res) => {
    res.writeHead(200, {
      connection: 'keep-alive, x-mine',
      'keep-alive': 'timeout=99',
      'proxy-authenticate': 'Basic',
      'x-mine': '1',
      'x-passed': '2',
    });
    res.end(JSON.stringify(req.headers));
  });
  const { open } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders', {
    headers: {
      connection: 'keep-alive, X-Secret',
      'keep-alive': 'timeout=7',
      'proxy-authorization': 'Basic x',
      te: 'trailers',
      upgrade: 'websocket',
      'x-secret': '1',
      'x-passed': '2',
    },
  });
  outgoing.end();
  const response = await answer;
  const seen = JSON.parse(await textOf(response));
  expect(Object.keys(seen).sort()).toEqual([
    'connection',
    'host',
    'traceparent',
    'x-correlation-id',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-passed',
  ]);
  expect(seen.connection).toBe('keep-alive');
  expect(response.headers).toMatchObject({ 'x-passed': '2', connection: 'keep-alive' });
  expect(response.headers).not.toHaveProperty('x-mine');
  expect(response.headers).not.toHaveProperty('proxy-authenticate');
  expect(response.headers['keep-alive']).not.toBe('timeout=99');
});
