import type { TokensView } from '@orderflow/contracts/auth';
import type { TimelineView } from '@orderflow/contracts/http/audit';
import type { OrderView } from '@orderflow/contracts/http/orders';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { decodeJwt, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newCustomer } from './accounts.ts';
import { createApi } from './api.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';

let system: TestSystem;
let productId: string;

beforeAll(async () => {
  system = await startTestSystem();
  productId = (await system.api.createProduct(1000)).id;
  await eventually(async () => expect(await system.ledgers.productsUnknownToOrders()).toBe(0));
}, 120_000);
afterAll(() => system?.stop(), 60_000);

const gateway = () => system.urls.gateway!;
const order = (quantity = 1) => ({ items: [{ productId, quantity }], paymentMethod: 'pm_card_visa' });

test('a hundred at once with one idempotency key place one order and hear one answer', async () => {
  const customer = await newCustomer(gateway(), system.internalToken);
  const key = { 'idempotency-key': newId() };
  const send = () => customer.call<OrderView>('POST', '/api/orders', order(), key);
  const answers = await Promise.all(Array.from({ length: 100 }, send));
  const placed = answers.filter(({ status }) => status === 201);
  expect(placed.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
  const again = await send();
  expect(again.status).toBe(201);
  expect(new Set([again, ...placed].map(({ body }) => JSON.stringify(body))).size).toBe(1);
  const { items } = await customer.must<{ items: OrderView[] }>('GET', '/api/orders');
  expect(items.map(({ id }) => id)).toEqual([again.body.id]);
  await eventually(async () => expect((await customer.order(again.body.id)).status).toBe('PAID'));
  await eventually(async () => expect(await system.ledgers.violations()).toEqual([]));
});

test('a hundred at once with one key and different bodies place one order, and the others are refused', async () => {
  const customer = await newCustomer(gateway(), system.internalToken);
  const key = { 'idempotency-key': newId() };
  const send = (n: number) => customer.call<OrderView>('POST', '/api/orders', order(n), key);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => send(n + 1)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  const later = await Promise.all(Array.from({ length: 100 }, (_, n) => send(n + 1)));
  expect(later.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(later.filter(({ status }) => status === 422)).toHaveLength(99);
  const { items } = await customer.must<{ items: OrderView[] }>('GET', '/api/orders');
  expect(items).toHaveLength(1);
});

/** The key that signs tokens, and its name, out of the database of accounts. */
async function signingKey() {
  const client = new pg.Client({ connectionString: system.postgres.url('orderflow_customer') });
  await client.connect();
  const { rows } = await client.query<{ kid: string; jwk: JWK }>(
    'SELECT kid, private_jwk AS jwk FROM signing_keys WHERE retires_at IS NULL',
  );
  await client.end();
  return { kid: rows[0]!.kid, key: await importJWK(rows[0]!.jwk, 'EdDSA') };
}

test('tokens that were tampered with, are over, or are for others are refused', async () => {
  const { tokens } = await newCustomer(gateway(), system.internalToken);
  const { kid, key } = await signingKey();
  const claims = { ...decodeJwt(tokens.accessToken), role: 'admin' };
  const [head, , signature] = tokens.accessToken.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (changes: object, by: Parameters<SignJWT['sign']>[0] = key) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'EdDSA', kid }).sign(by);
  const { privateKey: another } = await generateKeyPair('EdDSA');
  const minuteAgo = Math.floor(Date.now() / 1000) - 60;
  const refused = {
    'alg none': new UnsecuredJWT(claims).encode(),
    'alg none with a signature': `${encode({ alg: 'none' })}.${encode(claims)}.${signature}`,
    'other claims': `${head}.${encode(claims)}.${signature}`,
    'another algorithm': `${encode({ alg: 'HS256', kid })}.${encode(claims)}.${signature}`,
    'another key': await sign({}, another),
    expired: await sign({ exp: minuteAgo }),
    'another audience': await sign({ aud: 'others' }),
    'another issuer': await sign({ iss: 'others' }),
  };
  const ask = async (base: string, token: string) =>
    (await createApi(base, token).call('GET', '/api/orders')).status;
  // The services trust the gateway no more than anybody else.
  for (const base of [gateway(), system.urls.order!]) {
    expect(await ask(base, await sign({}))).toBe(200);
    for (const [what, token] of Object.entries(refused))
      expect([what, await ask(base, token)]).toEqual([what, 401]);
  }
});

test('a refresh token is good once; used twice it ends the whole session', async () => {
  const { tokens } = await newCustomer(gateway(), system.internalToken);
  const refresh = (refreshToken: string) =>
    system.nobody.call<TokensView>('POST', '/api/auth/refresh', { refreshToken });
  const next = await refresh(tokens.refreshToken);
  expect(next.status).toBe(200);
  expect((await refresh(tokens.refreshToken)).status).toBe(401);
  expect((await refresh(next.body.refreshToken)).status).toBe(401);
});

/** Reads a live stream until it has seen `until`, then closes it. Gives the ids and types it saw. */
async function watch(path: string, token: string, until: string, lastEventId?: string) {
  const ending = new AbortController();
  const answer = await fetch(`${gateway()}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
    signal: ending.signal,
  });
  const seen: { id: string; type: string }[] = [];
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
      const type = field('event');
      if (!type) continue;
      seen.push({ id: field('id')!, type });
      if (type === until) {
        ending.abort();
        return seen;
      }
    }
  }
  return seen;
}

test('live events go on where a client left off, and none is lost', async () => {
  const { token = '' } = system.api;
  const { body } = await system.api.placeOrder(productId);
  const path = `/api/orders/${body.id}/events`;
  const first = await watch(path, token, 'order.confirmed');
  await system.api.must('POST', `/api/orders/${body.id}/cancel`);
  const rest = await watch(path, token, 'inventory.released', first.at(-1)!.id);
  const ids = [...first, ...rest].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const types = [...first, ...rest].map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['order.placed', 'order.confirmed', 'order.cancelled']));
  const timeline = await system.api.must<TimelineView>('GET', `/api/orders/${body.id}/timeline`);
  const before = timeline.events.map(({ type }) => type);
  for (const type of types) expect(before).toContain(type);
});

test('the cache of orders never makes one wrong, and its death only makes reads slower', async () => {
  const customer = await newCustomer(gateway(), system.internalToken);
  const { body } = await customer.placeOrder(productId, { paymentMethod: 'pm_card_visa' });
  await eventually(async () => expect((await customer.order(body.id)).status).toBe('PAID'));
  const other = await newCustomer(gateway(), system.internalToken);
  expect((await other.call('GET', `/api/orders/${body.id}`)).status).toBe(404);
  system.redis?.kill('SIGSTOP');
  try {
    expect((await customer.order(body.id)).status).toBe('PAID');
  } finally {
    system.redis?.kill('SIGCONT');
  }
});
