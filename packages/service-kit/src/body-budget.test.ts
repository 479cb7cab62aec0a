import { connect } from 'node:net';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { boundBodies } from './body-budget.ts';
import { createHttpApp } from './http-app.ts';
import { listen } from './lifecycle.ts';

async function serve(totalBytes: number) {
  const scope = testScope();
  const app = createHttpApp({
    ...scope,
    bodies: 'own',
    routes: (app) => void app.use(boundBodies(totalBytes), express.json(), (_req, res) => void res.end()),
  });
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: scope.log });
  onTestFinished(() => server.close());
  const post = async (bytes: number): Promise<number> =>
    (await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'x'.repeat(bytes) })).status;
  return { port: server.port, post };
}

test('more bytes of bodies than a service takes at once are 503; a body that is over makes room', async () => {
  const { port, post } = await serve(1_500);
  const unfinished = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void unfinished.destroy());
  const head = 'content-type: application/json\r\ncontent-length: 1000\r\n\r\n';
  unfinished.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}{`);
  await eventually(async () => expect(await post(600)).toBe(503));
  expect(await post(400)).toBe(200);
  unfinished.destroy();
  await eventually(async () => expect(await post(600)).toBe(200));
});
