import { jwksView } from '@orderflow/contracts/auth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import request from 'supertest';
import { expect, onTestFinished, test, vi } from 'vitest';
import { customerService } from '../test/customer-service.ts';
import { PUBLISHED_AHEAD_MS, signingKeyOf } from './domain.ts';
import { rotateKeys } from './operations/rotate-keys.ts';

type Service = Awaited<ReturnType<typeof customerService>>;
const rotation = { rotationDays: 30, accessSeconds: 600 };

/** As if all keys had been made, and were to retire, so much earlier. */
const pass = ({ db }: Service, time: string) =>
  db.query(
    'UPDATE signing_keys SET created_at = created_at - $1::interval, retires_at = retires_at - $1::interval',
    [time],
  );

const publishedBy = async (app: ReturnType<Service['freshReplica']>) =>
  jwksView.parse((await request(app).get('/.well-known/jwks.json').expect(200)).body).keys;

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

/** Logs in at a replica that has just read the keys. */
async function tokenFrom(app: ReturnType<Service['freshReplica']>): Promise<string> {
  const body = { email: 'ada@example.org', password: 'correct horse' };
  return (await request(app).post('/api/auth/login').send(body).expect(200)).body.accessToken;
}

const statusWith = async (app: ReturnType<Service['freshReplica']>, token: string) =>
  (await request(app).get('/api/customers').set('authorization', `Bearer ${token}`)).status;

const FORBIDDEN = 403; // to customers, whose token was found good

test('an access token names its account and its key, and is good for ten minutes', async () => {
  const { register, freshReplica } = await customerService();
  const { accessToken, account } = await register();
  const [key] = await publishedBy(freshReplica());
  expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'EdDSA', kid: key!.kid, typ: 'JWT' });
  const { iat, exp, ...claims } = decodeJwt(accessToken);
  expect(exp! - iat!).toBe(600);
  expect(claims).toEqual({
    iss: 'https://issuer.example',
    aud: 'the-api',
    sub: account.id,
    role: 'customer',
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    customer_id: account.customerId,
    sid: expect.any(String),
  });
  expect(await statusWith(freshReplica(), accessToken)).toBe(FORBIDDEN);
  expect(await statusWith(freshReplica(), `${accessToken.slice(0, -4)}AAAA`)).toBe(401);
});

test('the published keys may be kept for a while, and have no private part', async () => {
  const { app, db } = await customerService();
  const response = await request(app).get('/.well-known/jwks.json').expect(200);
  expect(response.headers['cache-control']).toBe('public, max-age=300');
  expect(response.headers['content-type']).toMatch(/^application\/jwk-set\+json/);
  expect(Object.keys(response.body.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  const [{ d }] = (await db.query<{ d: string }>("SELECT private_jwk->>'d' AS d FROM signing_keys")) as [
    { d: string },
  ];
  expect(d).toMatch(/^[\w-]{43}$/);
  expect(response.text).not.toContain(d);
});

test('a private part that got among the public ones is not published', async () => {
  const { db, freshReplica } = await customerService();
  await db.query('UPDATE signing_keys SET public_jwk = private_jwk');
  const { text } = await request(freshReplica()).get('/.well-known/jwks.json').expect(500);
  expect(text).not.toContain('"d"');
});

test('a young key is not replaced; an old one is, and its tokens stay good until they are over', async () => {
  const service = await customerService();
  const { db, register, freshReplica } = service;
  const { accessToken: first } = await register();
  await pass(service, '29 days');
  expect(await rotateKeys(db, rotation)).toBe(false);
  await pass(service, '1 day');
  expect(await rotateKeys(db, rotation)).toBe(true);

  // Published, and not signing yet: somebody may have fetched the keys just before.
  const both = await publishedBy(freshReplica());
  expect(both).toHaveLength(2);
  const lastOfOld = await tokenFrom(freshReplica());
  expect(kidOf(lastOfOld)).toBe(kidOf(first));

  await pass(service, '10 minutes');
  const rotated = freshReplica();
  const ofNew = await tokenFrom(rotated);
  expect(kidOf(ofNew)).not.toBe(kidOf(first));
  for (const token of [first, lastOfOld, ofNew]) expect(await statusWith(rotated, token)).toBe(FORBIDDEN);

  await pass(service, '10 minutes');
  expect(await publishedBy(freshReplica())).toHaveLength(2);
  await pass(service, '5 minutes');
  const after = freshReplica();
  expect((await publishedBy(after)).map(({ kid }) => kid)).toEqual([kidOf(ofNew)]);
  expect(await statusWith(after, lastOfOld)).toBe(401);
  expect(await statusWith(after, ofNew)).toBe(FORBIDDEN);
});

test('replicas that start or rotate at the same moment make one key', async () => {
  const service = await customerService();
  const { db } = service;
  await db.query('TRUNCATE signing_keys');
  const rotate = () => Promise.all(Array.from({ length: 6 }, () => rotateKeys(db, rotation)));
  expect((await rotate()).filter(Boolean)).toHaveLength(1);
  await pass(service, '31 days');
  expect((await rotate()).filter(Boolean)).toHaveLength(1);
  expect(await db.query('SELECT kid FROM signing_keys WHERE retires_at IS NULL')).toHaveLength(1);
  expect(await db.query('SELECT kid FROM signing_keys')).toHaveLength(2);
});

test('a replica that has read the keys goes on with them while they cannot be read anew', async () => {
  const { db, freshReplica, register } = await customerService();
  const { accessToken } = await register();
  const replica = freshReplica();
  const before = await publishedBy(replica);
  await db.query('ALTER TABLE signing_keys RENAME TO away');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(await statusWith(replica, accessToken)).toBe(FORBIDDEN);
  expect(await publishedBy(replica)).toEqual(before);
  expect(await statusWith(freshReplica(), accessToken)).toBe(503);

  await db.query('ALTER TABLE away RENAME TO signing_keys');
  await db.query('TRUNCATE signing_keys');
  vi.setSystemTime(Date.now() + 2_000);
  expect(await publishedBy(replica)).toEqual([]);
});

test('a new key waits until everybody can know it, unless it is the only one', () => {
  const now = new Date();
  const aged = (ms: number) => ({ createdAt: new Date(now.getTime() - ms) });
  const [fresh, known, old] = [aged(PUBLISHED_AHEAD_MS - 1), aged(PUBLISHED_AHEAD_MS), aged(1e9)];
  expect(signingKeyOf([fresh, old], now)).toBe(old);
  expect(signingKeyOf([known, old], now)).toBe(known);
  expect(signingKeyOf([fresh], now)).toBe(fresh);
  expect(signingKeyOf([], now)).toBeUndefined();
});
