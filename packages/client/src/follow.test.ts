import type { ServerResponse } from 'node:http';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { anEntry, refuse, startServer } from '../test/server.ts';
import { createClient } from './client.ts';
import { ApiError, ContractError } from './errors.ts';
import type { FollowOptions } from './follow.ts';

const orderId = newId();
const block = (id: number, entry: object = anEntry()) => `id: ${id}\ndata: ${JSON.stringify(entry)}\n\n`;
const open = (res: ServerResponse, text = '') =>
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(`retry: 10\n\n${text}`);

/** The ids of the first events that a follower hears. */
async function hear(count: number, baseUrl: string, options?: FollowOptions): Promise<string[]> {
  const heard: string[] = [];
  for await (const { id } of createClient({ baseUrl, token: 'mine' }).follow(orderId, options)) {
    if (heard.push(id) === count) break;
  }
  return heard;
}

test('a stream that ends, breaks or is refused for now goes on after the last event', async () => {
  const { requests, baseUrl } = await startServer((res, _, n) => {
    if (n < 3) open(res, n === 1 ? block(5) + block(6) : `${block(7)}id: 8\ndata: {"cut`);
    if (n === 1) return res.end();
    if (n === 2) return setTimeout(() => res.destroy(), 50);
    if (n === 3) return refuse(res, 'unavailable', { 'retry-after': '0' });
    if (n === 4) return res.destroy();
    return open(res, block(8));
  });
  expect(await hear(4, baseUrl, { lastEventId: '4' })).toEqual(['5', '6', '7', '8']);
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual(['4', '6', '7', '7', '7']);
  for (const { url, headers } of requests) {
    expect([url, headers.authorization]).toEqual([`/api/orders/${orderId}/events`, 'Bearer mine']);
  }
});

test('events have the type of the contracts, and come before the stream ends', async () => {
  const entry = anEntry('order.shipped');
  const { requests, baseUrl } = await startServer((res) => open(res, `: hello\n\n${block(1, entry)}`));
  for await (const event of createClient({ baseUrl }).follow(orderId)) {
    expect(event).toEqual({ id: '1', entry });
    break;
  }
  expect(requests[0]!.headers).not.toHaveProperty('last-event-id');
});

test('who leaves the loop, or gives the signal, leaves the server too', async () => {
  let left = 0;
  const { baseUrl } = await startServer((res) => {
    res.once('close', () => left++);
    open(res, block(1));
  });
  await hear(1, baseUrl);
  await eventually(() => expect(left).toBe(1));
  expect(await hear(2, baseUrl, { signal: AbortSignal.timeout(300) })).toEqual(['1']);
  await eventually(() => expect(left).toBe(2));
});

test('the signal ends the waiting for the next try too', async () => {
  const { requests, baseUrl } = await startServer((res) =>
    refuse(res, 'unavailable', { 'retry-after': '20' }),
  );
  const begun = performance.now();
  expect(await hear(1, baseUrl, { signal: AbortSignal.timeout(300) })).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(requests).toHaveLength(1);
});

test('a stream without signs of life is left for a new one; heartbeats are such signs', async () => {
  const { requests, baseUrl } = await startServer((res, _, n) => {
    open(res, block(n));
    if (n > 1) return;
    const beat = setInterval(() => res.write(': alive\n\n'), 50);
    setTimeout(() => clearInterval(beat), 700);
  });
  const begun = performance.now();
  expect(await hear(2, baseUrl, { quietMs: 300 })).toEqual(['1', '2']);
  expect(performance.now() - begun).toBeGreaterThan(900);
  expect(requests).toHaveLength(2);
});

test('it waits as long as the server says before it comes back', async () => {
  const { baseUrl } = await startServer((res, _, n) => {
    open(res, `retry: 1500\n\n${block(n)}`);
    res.end();
  });
  const begun = performance.now();
  await hear(2, baseUrl);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(1_495);
});

test('a refusal for good is thrown, and so is what the contract does not allow', async () => {
  const refusing = await startServer((res) => refuse(res, 'not_found'));
  const error = await hear(1, refusing.baseUrl).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error.message).toBe(`GET /api/orders/${orderId}/events answered 404: Do this.`);
  expect(refusing.requests).toHaveLength(1);

  const strange = await startServer((res) => open(res, block(1, { ...anEntry(), sequence: 'first' })));
  const wrong = await hear(1, strange.baseUrl).catch((thrown) => thrown);
  expect(wrong).toBeInstanceOf(ContractError);
  expect(wrong.message).toMatch(/^watchOrder gave what its contract does not allow: sequence: /);

  const page = await startServer((res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>'));
  await expect(hear(1, page.baseUrl)).rejects.toThrow('text/html instead of text/event-stream');
});
