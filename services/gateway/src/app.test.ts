import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@orderflow/testing/eventually';
import { as, testAuth } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { problemOf, startGateway, startService } from '../test/harness.ts';
import { configSchema } from './config.ts';

test('a bad token is refused here, even where none is needed, and the service does not hear of it', async () => {
  let asked = 0;
  const inventory = await startService((_req, res) => {
    asked += 1;
    res.end();
  });
  const { url } = await startGateway({ inventory });
  const refused = await fetch(`${url}/api/products`, { headers: { authorization: 'Bearer made-up' } });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect((await problemOf(refused)).code).toBe('unauthenticated');
  expect(asked).toBe(0);
});

test('a good token goes on to the service, which looks again; and so does a request without one', async () => {
  const order = await startService((req, res) => res.end(req.headers.authorization ?? 'none'));
  const { url } = await startGateway({ order });
  const headers = await as.customer();
  expect(await (await fetch(`${url}/api/orders`, { headers })).text()).toBe(headers.authorization);
  expect(await (await fetch(`${url}/api/orders`)).text()).toBe('none');
});

test('for a client that left while its token was checked nobody is asked', async () => {
  let asked = 0;
  const order = await startService((_req, res) => {
    asked += 1;
    res.end();
  });
  let checking = false;
  const authenticate: typeof testAuth.authenticate = async (req, res, next) => {
    checking = true;
    await sleep(100);
    return testAuth.authenticate(req, res, next);
  };
  const { open, lines } = await startGateway({ order }, { auth: { ...testAuth, authenticate } });
  const { outgoing } = open('/api/orders', { method: 'POST' });
  outgoing.on('error', () => {});
  outgoing.end('{}');
  await eventually(() => expect(checking).toBe(true));
  outgoing.destroy();
  await eventually(() => expect(lines).toContainEqual(expect.objectContaining({ status: 499 })));
  await sleep(200);
  expect(asked).toBe(0);
});

test.each(['/api/orders', '/api/nothing', '/docs', '/'])('%s has the security headers', async (path) => {
  const order = await startService((_req, res) => res.end());
  const { url } = await startGateway({ order });
  const { headers } = await fetch(url + path);
  expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
  expect(headers.get('content-security-policy')).not.toMatch(/script-src|unsafe-eval/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('x-powered-by')).toBeNull();
});

test('what a service says of its own answer counts more', async () => {
  const inventory = await startService((_req, res) => {
    res.setHeader('content-security-policy', "default-src 'none'").end();
  });
  const { url } = await startGateway({ inventory });
  const { headers } = await fetch(`${url}/api/products/1/image`);
  expect(headers.get('content-security-policy')).toBe("default-src 'none'");
});

test('pages of other origins may not call the API unless they are named', async () => {
  const order = await startService((_req, res) => res.end('ok'));
  const closed = await startGateway({ order });
  const headers = { origin: 'https://shop.example' };
  const plain = await fetch(`${closed.url}/api/orders`, { headers });
  expect(plain.headers.get('access-control-allow-origin')).toBeNull();

  const { url } = await startGateway({ order }, { corsOrigins: ['https://shop.example'] });
  const allowed = await fetch(`${url}/api/orders`, { headers });
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  expect(allowed.headers.get('access-control-expose-headers')).toContain('retry-after');
  expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
  const other = await fetch(`${url}/api/orders`, { headers: { origin: 'https://evil.example' } });
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

test('a named page may ask first, without a token, and may read why it was refused', async () => {
  const { url } = await startGateway({}, { corsOrigins: ['https://shop.example'] });
  const asked = await fetch(`${url}/api/orders`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,idempotency-key',
    },
  });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/);
  const refused = await fetch(`${url}/api/orders`, {
    headers: { origin: 'https://shop.example', authorization: 'Bearer made-up' },
  });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
});

test('the configuration has defaults for all but addresses and secrets', () => {
  const address = 'http://127.0.0.1:1';
  const needed = {
    PORT: '8080',
    ORDER_URL: address,
    INVENTORY_URL: address,
    PAYMENT_URL: address,
    NOTIFICATION_URL: address,
    CUSTOMER_URL: address,
    AUDITOR_URL: address,
    CHAOS_CONTROLLER_URL: address,
    AUTH_URL: address,
    REDIS_URL: 'redis://127.0.0.1:1',
    INTERNAL_TOKEN: 'sixteen characters',
  };
  expect(configSchema.parse(needed)).toMatchObject({
    DEMO: false,
    TRUST_PROXY: 0,
    CORS_ORIGINS: [],
    RATE_LIMIT_PER_MINUTE: 60_000,
    RATE_LIMIT_USER_PER_MINUTE: 30_000,
    RATE_LIMIT_CARDS_PER_MINUTE: 30,
  });
  const set = { TRUST_PROXY: '2', CORS_ORIGINS: 'https://a.example, https://b.example,' };
  expect(configSchema.parse({ ...needed, ...set })).toMatchObject({
    TRUST_PROXY: 2,
    CORS_ORIGINS: ['https://a.example', 'https://b.example'],
  });
  expect(configSchema.parse({ ...needed, TRUST_PROXY: '10.0.0.0/8, loopback' }).TRUST_PROXY).toBe(
    '10.0.0.0/8, loopback',
  );
});
