import type { ErrorCode } from '@orderflow/contracts/errors';
import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { anOrder, refuse, reply, startServer } from '../test/server.ts';
import { createClient } from './client.ts';
import { ApiError, NoAnswerError, retryAfterOf } from './errors.ts';
import { pauseAfter } from './retries.ts';

const params = { id: newId() };
const customer = { name: 'Ada', email: 'ada@example.com' };
const body = { customer, items: [{ productId: params.id, quantity: 1 }] };
const soon = { 'retry-after': '0' };

/** Fails so often, each time in another way, before it answers. */
const failing = (times: number, success: object, status = 200) =>
  startServer((res, _, n) => {
    if (n > times) return reply(res, status, success);
    if (n === 1) return refuse(res, 'unavailable', soon);
    if (n === 2) return refuse(res, 'rate_limited', soon);
    return res.destroy();
  });

test('what is safe to repeat is repeated after 503, 429 and broken connections, as often as told', async () => {
  const order = anOrder();
  const patient = await failing(3, order);
  const client = createClient({ baseUrl: patient.baseUrl, retries: 3 });
  expect(await client.call('getOrder', { params })).toEqual(order);
  expect(patient.requests).toHaveLength(4);

  const { requests, baseUrl } = await failing(3, order);
  const { call } = createClient({ baseUrl });
  await expect(call('getOrder', { params, retries: 1 })).rejects.toThrow('429');
  expect(requests).toHaveLength(2);
  await expect(call('getOrder', { params })).rejects.toBeInstanceOf(NoAnswerError);
  expect(requests).toHaveLength(3);
});

test('a drawn idempotency key is the same for all tries, and one that was given is kept', async () => {
  const { requests, baseUrl } = await failing(3, anOrder(), 201);
  const { call } = createClient({ baseUrl, retries: 3 });
  await call('placeOrder', { body });
  await call('placeOrder', { body });
  await call('placeOrder', { body, idempotencyKey: 'mine' });
  await call('placeOrder', { body, retries: 0 });
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys.slice(0, 4)).size).toBe(1);
  expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
  expect(keys[4]).not.toBe(keys[0]);
  expect(keys.slice(5)).toEqual(['mine', undefined]);
});

test('a request with the same key that is still running is waited for', async () => {
  const order = anOrder();
  const { baseUrl } = await startServer((res, _, n) =>
    n === 1 ? refuse(res, 'request_in_progress', soon) : reply(res, 201, order),
  );
  expect(await createClient({ baseUrl }).call('placeOrder', { body, retries: 1 })).toEqual(order);
});

test('after an unknown outcome the same call goes out again with its key; without retries the key is on the error', async () => {
  const order = anOrder();
  const { requests, baseUrl } = await startServer((res, _, n) => {
    if (n === 2) return reply(res, 201, order);
    return refuse(res, 'outcome_unknown', { 'idempotency-key': 'made-up' });
  });
  expect(await createClient({ baseUrl, retries: 1 }).call('placeOrder', { body })).toEqual(order);
  expect(requests[0]!.headers['idempotency-key']).toBe(requests[1]!.headers['idempotency-key']);
  const error = await createClient({ baseUrl })
    .call('placeOrder', { body })
    .catch((error: unknown) => error);
  expect(error).toMatchObject({ problem: { code: 'outcome_unknown' }, idempotencyKey: 'made-up' });
});

test('what might be done twice is not repeated', async () => {
  const { requests, baseUrl } = await failing(1, {});
  const login = { body: { email: 'a@example.com', password: 'a secret of mine' } };
  await expect(createClient({ baseUrl, retries: 3 }).call('login', login)).rejects.toThrow('503');
  expect(requests).toHaveLength(1);
  expect(requests[0]!.headers).not.toHaveProperty('idempotency-key');
});

test('refusals are not repeated, nor what is to be tried again in minutes', async () => {
  const refusals: [ErrorCode, object?][] = [
    ['not_found'],
    ['internal_error'],
    ['unavailable', { 'retry-after': '900' }],
  ];
  for (const [code, headers] of refusals) {
    const { requests, baseUrl } = await startServer((res) => refuse(res, code, headers));
    const asking = createClient({ baseUrl, retries: 3 }).call('getOrder', { params });
    await expect(asking).rejects.toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(1);
  }
});

test('it waits as long as it is told, unless its caller gives up', async () => {
  const { requests, baseUrl } = await startServer((res, _, n) =>
    n === 1 ? refuse(res, 'unavailable', { 'retry-after': '1' }) : reply(res, 200, anOrder()),
  );
  const { call } = createClient({ baseUrl, retries: 1 });
  const begun = performance.now();
  await call('getOrder', { params });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(995);

  requests.length = 0;
  const signal = AbortSignal.timeout(200);
  const error = await call('getOrder', { params, signal }).catch((thrown) => thrown);
  expect(error).toBe(signal.reason);
  expect(requests).toHaveLength(1);
});

const refusal = (status: number, headers: Record<string, string> = {}) =>
  new ApiError('GET /', {
    ok: false,
    status,
    headers: new Headers(headers),
    body: undefined,
    problem: undefined,
  });

test('pauses grow, are spread, and are never shorter than Retry-After', () => {
  const lost = new NoAnswerError('GET /', new Error('lost'));
  const longest = (error: unknown) => [1, 2, 3, 20, 2_000].map((n) => pauseAfter(error, n, () => 1));
  expect(longest(lost)).toEqual([200, 400, 800, 10_000, 10_000]);
  expect(pauseAfter(lost, 3, () => 0)).toBe(0);
  expect(longest(refusal(503, { 'retry-after': '30' }))[0]).toBe(30_200);
  expect(pauseAfter(refusal(503, { 'retry-after': '31' }), 1)).toBeUndefined();
  expect([502, 503, 504, 429].map((status) => pauseAfter(refusal(status), 1, () => 0))).toEqual([0, 0, 0, 0]);
  expect([409, 500, 404].map((status) => pauseAfter(refusal(status), 1))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  const seconds = (text: string) => retryAfterOf(new Headers({ 'retry-after': text }), now);
  expect(seconds('7')).toBe(7);
  expect(seconds('Sat, 31 Jan 2026 12:00:09 GMT')).toBe(9);
  expect(seconds('Sat, 31 Jan 2026 11:00:00 GMT')).toBe(0);
  expect(seconds('soon')).toBeUndefined();
  expect(retryAfterOf(new Headers())).toBeUndefined();
});
