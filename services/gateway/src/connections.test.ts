import { once } from 'node:events';
import { connect } from 'node:net';
import { listen } from '@orderflow/service-kit/lifecycle';
import { eventually } from '@orderflow/testing/eventually';
import { silentLog } from '@orderflow/testing/scope';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
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
