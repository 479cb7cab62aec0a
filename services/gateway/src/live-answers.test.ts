import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { startGateway, startService, textOf } from '../test/harness.ts';
import { createLiveAnswers } from './live-answers.ts';

/** A gateway before an auditor whose streams the test feeds. */
async function gatewayWithStreams(options: Parameters<typeof startGateway>[1] = {}) {
  const streams: ServerResponse[] = [];
  const auditor = await startService((req, res) => {
    if (req.url !== '/api/orders/1/events') return void res.end('at once');
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(': hello\n\n');
    streams.push(res);
  });
  const gateway = await startGateway({ auditor }, options);
  async function listen() {
    const { outgoing, answer } = gateway.open('/api/orders/1/events');
    outgoing.on('error', () => {});
    outgoing.end();
    const response = await answer;
    expect(response.statusCode).toBe(200);
    return { outgoing, response };
  }
  return { ...gateway, streams, listen };
}

test('a stream goes on for longer than the timeout while heartbeats come, and ends without them', async () => {
  const { streams, listen } = await gatewayWithStreams({ timeoutMs: 300 });
  const { response } = await listen();
  let received = '';
  response.on('data', (chunk) => {
    received += chunk;
  });
  const broken = once(response, 'error');
  const beat = setInterval(() => streams[0]!.write(': beat\n\n'), 50);
  await eventually(() => expect(received.split('beat').length).toBeGreaterThan(25));
  clearInterval(beat);
  expect((await broken)[0].code).toBe('ECONNRESET');
});

test('a stream that the service ends, ends for the client; one that breaks off, breaks off', async () => {
  const { streams, listen } = await gatewayWithStreams();
  const { response: whole } = await listen();
  streams[0]!.end('data: last\n\n');
  expect(await textOf(whole)).toContain('data: last');
  const { response: broken } = await listen();
  streams[1]!.destroy();
  await expect(textOf(broken)).rejects.toThrow('aborted');
});

test('a client that leaves is left by the gateway', async () => {
  const { streams, listen } = await gatewayWithStreams();
  const { outgoing } = await listen();
  const left = once(streams[0]!, 'close');
  outgoing.destroy();
  await left;
});

test('hundreds of streams take nobody else’s connections', async () => {
  const { url, listen } = await gatewayWithStreams();
  await Promise.all(Array.from({ length: 150 }, listen));
  expect(await (await fetch(`${url}/api/audit`)).text()).toBe('at once');
});

test('a gateway that stops ends its streams at once, for both sides, and begins no more', async () => {
  const { streams, listen, liveAnswers, open, url } = await gatewayWithStreams();
  const listeners = await Promise.all([listen(), listen()]);
  const left = streams.map((stream) => once(stream, 'close'));
  liveAnswers.stop();
  for (const { response } of listeners) expect(await textOf(response)).toBe(': hello\n\n');
  await Promise.all(left);

  const { outgoing, answer } = open('/api/orders/1/events');
  outgoing.end();
  const refused = await answer;
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(streams).toHaveLength(2);
  expect((await fetch(`${url}/api/audit`)).status).toBe(200);
});

test('a stream that had not begun when the gateway stopped is a 503', async () => {
  let asked = false;
  const auditor = await startService(() => {
    asked = true;
  });
  const { open, liveAnswers } = await startGateway({ auditor });
  const { outgoing, answer } = open('/api/orders/1/events');
  outgoing.end();
  await eventually(() => expect(asked).toBe(true));
  liveAnswers.stop();
  expect((await answer).statusCode).toBe(503);
});

test('an address has its share of streams, and gets another when it closes one; others are served', async () => {
  const liveAnswers = createLiveAnswers({ total: 4, each: 2 });
  const { listen, open, streams } = await gatewayWithStreams({ liveAnswers, trustProxy: 1 });
  const ask = async (address: string) => {
    const { outgoing, answer } = open('/api/orders/1/events', { headers: { 'x-forwarded-for': address } });
    outgoing.on('error', () => {});
    outgoing.end();
    return answer;
  };
  const first = await listen();
  await listen();
  const own = '127.0.0.1';
  const refused = await ask(own);
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
  expect(JSON.parse(await textOf(refused)).code).toBe('rate_limited');
  expect(streams).toHaveLength(2);
  for (const n of [1, 2]) expect((await ask(`203.0.113.${n}`)).statusCode).toBe(200);
  expect((await ask('203.0.113.3')).statusCode).toBe(503);
  first.outgoing.destroy();
  await eventually(async () => expect((await ask(own)).statusCode).toBe(200));
});
