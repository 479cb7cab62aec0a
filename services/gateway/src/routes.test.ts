import { operations } from '@orderflow/contracts/api';
import type { Method } from '@orderflow/contracts/api/operation';
import { problem } from '@orderflow/contracts/errors';
import express from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import { startGateway, startService, textOf } from '../test/harness.ts';
import { demoRoutes, mountRoutes, routes } from './routes.ts';
import { upstreamNames } from './upstreams.ts';

const id = '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10';

/** Each operation of the document, and what else the services are asked for. */
const addresses: [method: string, path: string, service: string][] = [
  ...operations
    .filter(({ service, demo }) => service !== 'gateway' && !demo)
    .map(({ method, path, service }): [string, string, string] => [
      method.toUpperCase(),
      path.replace(/\{\w+\}/g, id),
      service,
    ]),
  ['GET', '/api/orders?status=PAID&limit=5', 'order'],
  ['POST', '/api/payments/webhooks/stripe', 'payment'],
];

const aliases = [
  ['POST', '/orders', 'order'],
  ['GET', '/orders', 'order'],
  ['GET', '/orders/my-own-id', 'order'],
  ['POST', '/order', 'order'],
  ['GET', '/inventory', 'inventory'],
  ['POST', '/inventory', 'inventory'],
  ['GET', '/notifications', 'notification'],
] as const;

/** A gateway in front of services that answer with their name and what they were asked. */
async function gatewayWithEchoes(options: { demo: boolean }) {
  const urls = await Promise.all(
    upstreamNames.map(async (name) => [
      name,
      await startService((req, res) => res.end(`${name}: ${req.method} ${req.url}`)),
    ]),
  );
  return startGateway(Object.fromEntries(urls), options);
}

test('each address of the API leads to the service that owns it, unchanged', async () => {
  const { url } = await gatewayWithEchoes({ demo: false });
  for (const [method, path, service] of addresses) {
    const response = await fetch(url + path, { method });
    expect(await response.text()).toBe(`${service}: ${method} ${path}`);
  }
});

test('the plain aliases lead to their services in demo mode', async () => {
  const { url } = await gatewayWithEchoes({ demo: true });
  for (const [method, path, service] of aliases) {
    const response = await fetch(url + path, { method });
    expect(await response.text()).toBe(`${service}: ${method} ${path}`);
  }
});

test.each(aliases)('outside demo mode %s %s is not found', async (method, path) => {
  const { url } = await startGateway({});
  const response = await fetch(url + path, { method });
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(problem.parse(await response.json()).code).toBe('not_found');
});

test.each([
  '/api',
  '/api/',
  '/api/ordersandmore',
  '/api/nothing',
  '/orders/1/pay',
  '/order/1',
  '/inventory/1',
  '/notifications/1',
  '/internal/dead-letters',
  '/api/internal/dead-letters',
  '/metrics',
  '/metrics/order',
  '/docs/package.json',
])('%s is not served, in demo mode neither', async (path) => {
  const { app } = await startGateway({}, { demo: true });
  const response = await request(app).get(path).expect(404);
  expect(problem.parse(response.body).code).toBe('not_found');
});

test('every row of the table is proven by an address above', async () => {
  const app = express();
  mountRoutes(app, { demo: true, proxyTo: (route) => (_req, res) => void res.json(route) });
  const proven = new Set<string>();
  for (const [method, path] of [...addresses, ...aliases]) {
    proven.add((await request(app)[method.toLowerCase() as Method](path)).body.path);
  }
  expect([...proven].sort()).toEqual([...routes, ...demoRoutes].map((route) => route.path).sort());
});

test('an address is passed on to the letter, with what is percent-encoded in it', async () => {
  const { url } = await gatewayWithEchoes({ demo: false });
  const path = '/api/orders/a%2Fb/?q=%20x&q=y%26&empty=';
  expect(await (await fetch(url + path)).text()).toBe(`order: GET ${path}`);
});

test('an address that is no valid URL is the fault of the client', async () => {
  const { app } = await startGateway({});
  const response = await request(app).get('/api/orders/%zz/pay').expect(400);
  expect(problem.parse(response.body).code).toBe('invalid_request');
});

test('the first page lists the addresses that are served', async () => {
  const { app } = await startGateway({});
  const { body } = await request(app).get('/').expect(200);
  expect(body.addresses).toContainEqual({ path: '/api/orders/{id}/timeline', service: 'auditor' });
  expect(body.addresses).toContainEqual({ path: '/api/products', service: 'inventory' });
  expect(body.addresses).toHaveLength(routes.length);
});

test.each(['..', '%2e%2e', '.%2E', '.', '%2e'])(
  'an address with %s in its path goes no further',
  async (dots) => {
    let asked = 0;
    const inventory = await startService((_req, res) => {
      asked += 1;
      res.end();
    });
    const { open } = await startGateway({ inventory });
    const { outgoing, answer } = open(`/api/products/${dots}/internal/dead-letters`);
    outgoing.end();
    const response = await answer;
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(await textOf(response)).code).toBe('invalid_request');
    expect(asked).toBe(0);
  },
);
