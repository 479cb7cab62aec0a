import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { testRedis } from '@orderflow/testing/redis';
import { expect, onTestFinished, test } from 'vitest';
import { MEMORY_LIMIT, startGatewayProcess } from '../test/gateway-process.ts';
import { startService, textOf } from '../test/harness.ts';

const sizes = () => startService(async (req, res) => res.end(String((await textOf(req)).length)));

async function aGateway() {
  const gateway = await startGatewayProcess({ order: await sizes(), redisUrl: testRedis().url });
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return {
    ...gateway,
    open(): Socket {
      const socket = connect(gateway.port, '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      return socket;
    },
  };
}

test('answers that nobody reads do not fill the memory', async () => {
  const { open, memory, url } = await aGateway();
  const request = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n';
  for (let i = 0; i < 60; i++) open().pause().write(request.repeat(15));
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200); // behind all of these
  expect(await memory()).toBeLessThan(MEMORY_LIMIT);
}, 60_000);

test('bodies that come in single bytes do not fill the memory, refused or not', async () => {
  const { open, memory, url } = await aGateway();
  const sockets = Array.from({ length: 900 }, () => open().resume());
  const head = 'POST /api/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
  for (const socket of sockets) socket.write(head);
  for (let round = 0; round < 15; round++) {
    for (const socket of sockets) if (socket.writable) socket.write('1\r\na\r\n'.repeat(200));
    await sleep(200);
  }
  const order = { method: 'POST', headers: { 'x-forwarded-for': '198.51.100.1' }, body: 'x'.repeat(500) };
  expect(await (await fetch(`${url}/api/orders`, order)).text()).toBe('500');
  expect(await memory()).toBeLessThan(MEMORY_LIMIT);
}, 60_000);

test('requests sent at once on one connection are answered in their order, with bodies and without', async () => {
  const { open } = await aGateway();
  const post = (text: string) =>
    `POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  const socket = open();
  let answers = '';
  socket.on('data', (part) => {
    answers += part;
  });
  socket.write(`${post('x'.repeat(3))}GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n${post('x'.repeat(12))}`);
  await expect.poll(() => answers.match(/HTTP\/1.1 \d+/g)).toHaveLength(3);
  await expect.poll(() => answers).toMatch(/200 OK.*\r\n3HTTP\/1.1 404 .*HTTP\/1.1 200 OK.*\r\n12$/s);
}, 60_000);
