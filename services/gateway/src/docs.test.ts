import { operations } from '@orderflow/contracts/api';
import express from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import { startGateway } from '../test/harness.ts';
import { demoRoutes, mountRoutes, routes } from './routes.ts';

test('every operation of the document leads to its service, and every route to an operation', async () => {
  const app = express();
  mountRoutes(app, { demo: true, proxyTo: (route) => (_req, res) => void res.json(route) });
  const proven = new Set<string>();
  for (const operation of operations) {
    if (operation.service === 'gateway') continue;
    const path = operation.path.replaceAll(/\{\w+\}/g, 'x');
    const { body } = await request(app)[operation.method](path);
    expect({ operation: operation.id, ...body }).toMatchObject({
      operation: operation.id,
      upstream: operation.service,
    });
    expect(demoRoutes.some((route) => route.path === body.path)).toBe(operation.demo === true);
    proven.add(body.path);
  }
  expect([...proven].sort()).toEqual([...routes, ...demoRoutes].map((route) => route.path).sort());
});

test('what the gateway says it answers itself, it answers', async () => {
  const { app, health } = await startGateway({});
  health.setReady(true);
  const own = operations.filter((operation) => operation.service === 'gateway');
  expect(own.length).toBeGreaterThan(0);
  for (const { method, path, success } of own) {
    const { body } = await request(app)[method](path).expect(success.status);
    expect(success.schema?.safeParse(body).success).toBe(true);
  }
});

test.each([true, false])('the document is served, with the plain aliases in demo mode: %s', async (demo) => {
  const { app } = await startGateway({}, { demo });
  const { body } = await request(app).get('/openapi.json').expect(200).expect('content-type', /json/);
  expect(body.openapi).toBe('3.1.1');
  expect(body.paths).toHaveProperty('/api/orders/{id}/timeline');
  expect('/orders' in body.paths).toBe(demo);
});

test('the page and all that it needs come from here, and no script stands in it', async () => {
  const { app } = await startGateway({});
  const { text } = await request(app).get('/docs').expect(200).expect('content-type', /html/);
  const needed = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  expect(needed.length).toBe(5);
  for (const address of needed) {
    expect(address).toMatch(/^\//);
    await request(app).get(address).expect(200);
  }
  expect(text).not.toMatch(/<script>|<style|style=|\son\w+=/);
  await request(app)
    .get('/docs/swagger-ui.css')
    .expect('content-type', /text\/css/);
  await request(app)
    .get('/docs/start.js')
    .expect('content-type', /javascript/)
    .expect(/\/openapi\.json/);
});
