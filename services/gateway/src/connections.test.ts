import { once } from 'node:events';
import { connect } from 'node:net';
import { listen } from '@orderflow/service-kit/lifecycle';
import { eventually } from '@orderflow/testing/eventually';
import { silentLog } from '@orderflow/testing/scope';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway, startService } from '../test/harness.ts';
import { boundConnections } from './connections.ts';

test('an address has so many connections, and a new one when it closes another', async () => {
  let refused = 0;
  const onConnection = boundConnections({ total: 10, each: 2 }, () => {
    refused += 1;
  });
  const app = express().get('/', (_req, res) => void res.send('ok'));
  const server = await listen(app, { port: 0, host: '127.0.0.1', log: silentLog, onConnection });
  onTestFinished(() => server.close());
  const open = () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  const kept = open();
  open();
  const third = open();
  await once(third.resume(), 'close');
  expect(refused).toBe(1);
  kept.destroy();
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200));
});

test('a connection may have some unanswered requests, of which one is looked at, and no more of them', async () => {
  let asked = 0;
  const order = await startService(() => {
    asked += 1;
  });
  const { port, url } = await startGateway({ order }, { timeoutMs: 30_000 });
  const request = 'GET /api/orders HTTP/1.1\r\nhost: x\r\n\r\n';
  const pipelining = (count: number) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.resume().write(request.repeat(count));
    return socket;
  };
  const some = pipelining(16);
  await eventually(() => expect(asked).toBe(1));
  const many = pipelining(1_000);
  await once(many, 'close');
  expect((await fetch(`${url}/docs`)).status).toBe(200);
  expect(some.destroyed).toBe(false);
  expect(asked).toBeLessThanOrEqual(2); // one of each
});
