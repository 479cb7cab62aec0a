import { once } from 'node:events';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { startGateway, startService, textOf } from '../test/harness.ts';

const MEGABYTE = 1024 * 1024;

test('bytes that are no text pass unharmed both ways', async () => {
  const inventory = await startService((req, res) => void req.pipe(res));
  const { url } = await startGateway({ inventory });
  const bytes = Uint8Array.from({ length: 250_000 }, (_, i) => (i * 31) % 256);
  const response = await fetch(`${url}/api/products`, {
    method: 'POST',
    headers: await as.seller(),
    body: bytes,
  });
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
});

test('an answer that breaks off breaks off for the client too, instead of looking whole', async () => {
  const order = await startService((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.write('{"half":', () => res.destroy());
  });
  const { url, lines } = await startGateway({ order });
  const response = await fetch(`${url}/api/orders`);
  await expect(response.text()).rejects.toThrow('terminated');
  await eventually(() => expect(lines).toContainEqual(expect.objectContaining({ msg: 'no whole answer' })));
});

test('a live stream is not held back: its headers and each event come when they are sent', async () => {
  let send = (_event: string) => {};
  const auditor = await startService((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    send = (event) => void res.write(event);
  });
  const { open } = await startGateway({ auditor });
  const { outgoing, answer } = open('/api/orders/1/events');
  outgoing.end();
  const response = await answer;
  expect(response.headers['content-type']).toBe('text/event-stream');
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send(event);
    const [chunk] = await once(response, 'data');
    expect(String(chunk)).toBe(event);
  }
  outgoing.destroy();
});

test('a body is sent on when it is whole: the service hears of the request then', async () => {
  const received: string[] = [];
  const order = await startService(async (req, res) => {
    received.push('request');
    received.push(await textOf(req));
    res.end('done');
  });
  const { open, url } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders', { method: 'POST' });
  outgoing.write('first ');
  // What is asked later is answered meanwhile.
  await (await fetch(`${url}/health`)).text();
  expect(received).toEqual([]);
  outgoing.end('last');
  expect(await textOf(await answer)).toBe('done');
  expect(received).toEqual(['request', 'first last']);
});

test('a client that leaves is left by the gateway at the service, too', async () => {
  let asked = false;
  let left = false;
  const order = await startService((_req, res) => {
    asked = true;
    res.once('close', () => {
      left = true;
    });
  });
  const { open, metrics, lines } = await startGateway({ order });
  const { outgoing } = open('/api/orders');
  outgoing.on('error', () => {});
  outgoing.end();
  await eventually(() => expect(asked).toBe(true));
  outgoing.destroy();
  await eventually(() => expect(left).toBe(true));
  expect(await metrics.registry.metrics()).toMatch(
    /gateway_upstream_response_seconds_count\{.*route="\/api\/orders\{\/\*rest\}",status="499"\} 1/,
  );
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'request', status: 499 }));
});

test('a client that reads slowly slows the service down instead of filling the memory', async () => {
  let written = 0;
  const order = await startService((_req, res) => {
    const chunk = Buffer.alloc(MEGABYTE / 4);
    const write = () => {
      while (written < 64 * MEGABYTE) {
        written += chunk.length;
        if (!res.write(chunk)) return void res.once('drain', write);
      }
      res.end();
    };
    write();
  });
  const { open } = await startGateway({ order });
  const { outgoing, answer } = open('/api/orders');
  outgoing.end();
  const response = await answer; // and nothing is read of it
  let before = -1;
  await eventually(
    () => {
      const now = written;
      const still = now === before;
      before = now;
      expect(still).toBe(true);
    },
    { everyMs: 300 },
  );
  expect(written).toBeLessThan(32 * MEGABYTE);
  let read = 0;
  for await (const chunk of response) read += chunk.length;
  expect(read).toBe(64 * MEGABYTE);
});
