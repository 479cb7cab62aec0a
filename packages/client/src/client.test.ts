import type { ServerResponse } from 'node:http';
import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { anOrder, refuse, reply, startServer } from '../test/server.ts';
import { createClient } from './client.ts';
import { ApiError, ContractError, NoAnswerError } from './errors.ts';

const id = newId();
const body = { customer: { name: 'Ada', email: 'ada@example.com' }, items: [{ productId: id, quantity: 1 }] };

test('a request has the path, the query, the body and the headers of its input', async () => {
  const order = anOrder();
  const { requests, baseUrl } = await startServer((res, { method }) => {
    if (method === 'POST') return reply(res, 201, order);
    return reply(res, 200, { items: [order], nextCursor: null });
  });
  const { call } = createClient({ baseUrl: `${baseUrl}/shop/`, token: 'mine' });
  expect(await call('placeOrder', { body, idempotencyKey: 'k' })).toEqual(order);
  const page = await call('listOrders', {
    query: { status: 'PAID', q: 'a & b', limit: 2, sellerId: undefined },
    headers: { 'accept-language': 'de', 'x-none': undefined },
  });
  expect(page).toEqual({ items: [order], nextCursor: null });
  const [placing, listing] = requests;
  expect(placing).toMatchObject({ method: 'POST', url: '/shop/api/orders' });
  expect(placing!.headers).toMatchObject({
    authorization: 'Bearer mine',
    'content-type': 'application/json',
    'idempotency-key': 'k',
  });
  expect(JSON.parse(placing!.body)).toEqual(body);
  expect(listing!.url).toBe('/shop/api/orders?status=PAID&q=a+%26+b&limit=2');
  expect(listing!.headers['accept-language']).toBe('de');
  expect(listing!.headers).not.toHaveProperty('x-none');
  expect(listing!.headers).not.toHaveProperty('content-type');
});

test('params cannot lead to another path', async () => {
  const { requests, baseUrl } = await startServer((res) => reply(res, 200, { confirmation: 'automatic' }));
  await createClient({ baseUrl }).call('getSellerSettings', { params: { id: '../a/b?c#d' } });
  expect(requests[0]!.url).toBe('/api/sellers/..%2Fa%2Fb%3Fc%23d/settings');
});

test('a token that is a function is asked before every request, and without one there is no header', async () => {
  const { requests, baseUrl } = await startServer((res) => reply(res, 200, { status: 'ok' }));
  const tokens = ['first', undefined, 'third'];
  const { call } = createClient({ baseUrl, token: async () => tokens.shift() });
  for (const _ of [1, 2, 3]) await call('getHealth');
  const sent = requests.map(({ headers }) => headers.authorization);
  expect(sent).toEqual(['Bearer first', undefined, 'Bearer third']);
});

test('a picture is sent as it is and comes as a response; nothing to say is undefined', async () => {
  const png = { 'content-type': 'image/png' };
  const { requests, baseUrl } = await startServer((res, { method }) =>
    method === 'GET' ? res.writeHead(200, png).end('png') : res.writeHead(204).end(),
  );
  const { call, send } = createClient({ baseUrl });
  const picture = await call('getProductImage', { params: { id }, query: { v: 'a' } });
  expect([picture.headers.get('content-type'), await picture.text()]).toEqual(['image/png', 'png']);
  expect(await call('deleteProductImage', { params: { id } })).toBeUndefined();
  const file = new File(['bytes'], 'a.png', { type: 'image/png' });
  await expect(send('putProductImage', { params: { id }, body: file })).rejects.toThrow(
    'putProductImage gave what its contract does not allow: status 204 instead of 200',
  );
  expect(requests[2]).toMatchObject({ method: 'PUT', body: 'bytes', headers: png });
});

test('call throws what the server refused; send gives it', async () => {
  const errors = [{ path: 'items.0.quantity', message: 'must be positive' }];
  const { baseUrl } = await startServer((res) =>
    refuse(res, 'invalid_request', { 'retry-after': '7' }, errors),
  );
  const { call, send } = createClient({ baseUrl });
  const error = await call('getOrder', { params: { id } }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ name: 'ApiError', status: 400, retryAfter: 7 });
  expect(error.problem).toMatchObject({ code: 'invalid_request', errors });
  expect(error.message).toBe(
    `GET /api/orders/${id} answered 400: Do this. (items.0.quantity: must be positive)`,
  );
  const answer = await send('getOrder', { params: { id } });
  expect(answer).toMatchObject({ ok: false, status: 400, problem: error.problem, body: error.problem });
  expect(answer.headers.get('retry-after')).toBe('7');
});

test('an error page of a proxy, or an unknown problem, is an error without a problem', async () => {
  const { baseUrl } = await startServer((res, _, n) =>
    n === 1 ? res.writeHead(502).end('<h1>Bad gateway</h1>') : reply(res, 418, { code: 'teapot' }),
  );
  const { send, call } = createClient({ baseUrl });
  expect(await send('listOrders')).toMatchObject({ status: 502, body: '<h1>Bad gateway</h1>' });
  const error = await call('listOrders').catch((thrown) => thrown);
  expect([error.message, error.problem]).toEqual(['GET /api/orders answered 418', undefined]);
});

test('an order that did not change is answered 304, without a body', async () => {
  const { requests, baseUrl } = await startServer((res) => res.writeHead(304, { etag: '"1"' }).end());
  const input = { params: { id }, headers: { 'if-none-match': '"1"' } };
  const answer = await createClient({ baseUrl }).send('getOrder', input);
  expect(answer).toMatchObject({ ok: false, status: 304, body: undefined });
  expect(requests[0]!.headers['if-none-match']).toBe('"1"');
});

test.each([
  ['a wrong field', 200, { ...anOrder(), total: { amount: '10', currency: 'EUR' } }, 'total.amount: '],
  ['a missing field', 200, { ...anOrder(), status: undefined }, 'status: '],
  ['another success', 201, anOrder(), 'status 201 instead of 200'],
  ['no JSON', 200, undefined, 'a body that is not JSON'],
])('an answer with %s is no answer to call nor send', async (_, status, answered, wrong) => {
  const { baseUrl, requests } = await startServer((res) => reply(res, status, answered ?? undefined));
  const client = createClient({ baseUrl, retries: 3 });
  for (const ask of [client.call, client.send]) {
    const error = await ask('getOrder', { params: { id } }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ContractError);
    expect(error.operation).toBe('getOrder');
    expect(error.message).toContain(`getOrder gave what its contract does not allow: ${wrong}`);
  }
  expect(requests).toHaveLength(2);
});

test('a picture that is a page is no picture', async () => {
  const { baseUrl } = await startServer((res) => res.writeHead(200, { 'content-type': 'text/html' }).end());
  const picture = createClient({ baseUrl }).call('getProductImage', { params: { id } });
  await expect(picture).rejects.toThrow('text/html instead of image/*');
});

test.each([
  ['says nothing', () => {}],
  ['stops within its answer', (res: ServerResponse) => res.writeHead(200).write('{')],
])('a server that %s is given up after the timeout', async (_, answer) => {
  const { baseUrl } = await startServer(answer);
  const error = await createClient({ baseUrl, timeoutMs: 100 })
    .call('listOrders')
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(error.message).toBe('GET /api/orders was not answered: nothing came within 100 ms');
});

test('nobody there, and a connection that breaks, are no answer; the message says why', async () => {
  const nobody = createClient({ baseUrl: 'http://127.0.0.1:1' }).send('listOrders');
  await expect(nobody).rejects.toThrow(/^GET \/api\/orders was not answered: fetch failed: /);
  const { baseUrl } = await startServer((res) => {
    res.writeHead(200, { 'content-length': '100' }).write('{', () => res.destroy());
  });
  const broken = createClient({ baseUrl }).send('listOrders');
  await expect(broken).rejects.toBeInstanceOf(NoAnswerError);
});

test('who gives up gets their own reason', async () => {
  const { baseUrl } = await startServer(() => {});
  const signal = AbortSignal.timeout(50);
  const error = await createClient({ baseUrl })
    .call('listOrders', { signal })
    .catch((thrown) => thrown);
  expect(error).toBe(signal.reason);
});

test('the body of a response that is not JSON may take longer than the timeout', async () => {
  const { baseUrl } = await startServer((res) => {
    res.writeHead(200, { 'content-type': 'image/png' }).write('a');
    setTimeout(() => res.end('b'), 300);
  });
  const response = await createClient({ baseUrl, timeoutMs: 150 }).call('getProductImage', {
    params: { id },
  });
  expect(await response.text()).toBe('ab');
});
