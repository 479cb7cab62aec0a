import { newId } from '@orderflow/contracts/ids';
import { testScope } from '@orderflow/testing/scope';
import { as, signToken, testAuth, testKeys } from '@orderflow/testing/tokens';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import request from 'supertest';
import { expect, test } from 'vitest';
import { actorName, actorOf, createAuth, remoteKeys, requireActor } from './auth.ts';
import { createHttpApp } from './http-app.ts';

const anAdmin = { role: 'admin', sub: newId(), name: 'Root', email: 'root@example.org' } as const;

function anApp(auth = testAuth) {
  return createHttpApp({
    ...testScope(),
    auth,
    routes: (app) => {
      app.get('/who', (req, res) => void res.json({ who: actorOf(req) ?? 'nobody' }));
      app.get(
        '/admins',
        (req, res) => void res.json({ name: actorName(requireActor(req, 'admin', 'service')) }),
      );
    },
  });
}

const claims = { ...anAdmin, iss: 'https://test.example', aud: 'test' };
const soon = () => Math.floor(Date.now() / 1000) + 60;

test('a token says who asks, and a request without one is nobody’s', async () => {
  const app = anApp();
  const who = async (headers = {}) => (await request(app).get('/who').set(headers).expect(200)).body.who;
  expect(await who()).toBe('nobody');
  expect(await who(await as.customer('ada@example.org'))).toMatchObject({
    kind: 'customer',
    email: 'ada@example.org',
  });
  expect(await who(await as.seller('shop'))).toMatchObject({ kind: 'seller', sellerId: 'shop' });
  expect(await who(await as.admin())).toMatchObject({ kind: 'admin' });
  expect(await who(await as.service())).toEqual({ kind: 'service' });
});

test('a route lets in the kinds it names: 401 for nobody, 403 for others', async () => {
  const app = anApp();
  const nobody = await request(app).get('/admins').expect(401).expect('www-authenticate', 'Bearer');
  expect(nobody.body).toMatchObject({ code: 'unauthenticated', detail: expect.stringContaining('log in') });
  await request(app)
    .get('/admins')
    .set(await as.customer())
    .expect(403);
  const { body } = await request(app)
    .get('/admins')
    .set({ authorization: `Bearer ${await signToken(anAdmin)}` })
    .expect(200);
  expect(body.name).toBe(`admin:${anAdmin.sub}`);
});

const strangers = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
const secret = new TextEncoder().encode('a secret of at least thirty-two bytes');

test.each<[string, () => string | Promise<string>]>([
  ['alg none', () => new UnsecuredJWT(claims).setExpirationTime('1h').encode()],
  [
    'the key of a stranger',
    () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
        .setExpirationTime('1h')
        .sign(strangers.privateKey),
  ],
  [
    'a shared secret',
    () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'test' })
        .setExpirationTime('1h')
        .sign(secret),
  ],
  ['a time that is over', () => signToken(anAdmin, { expiresIn: '-1s' })],
  [
    'a changed payload',
    async () => {
      const [head, , signature] = (await signToken(anAdmin)).split('.');
      return `${head}.${Buffer.from(JSON.stringify({ ...claims, exp: soon() })).toString('base64url')}.${signature}`;
    },
  ],
  ['claims that are not ours', () => signToken({ ...anAdmin, role: 'root' } as never)],
  ['no sense', () => 'abc'],
])('a token with %s is refused', async (_name, token) => {
  const { body } = await request(anApp())
    .get('/who')
    .set({ authorization: `Bearer ${await token()}` })
    .expect(401);
  expect(body.code).toBe('unauthenticated');
});

test('a token for another audience or of another issuer is refused', async () => {
  const token = await signToken(anAdmin);
  for (const other of [
    { issuer: 'https://test.example', audience: 'x' },
    { issuer: 'x', audience: 'test' },
  ]) {
    const app = anApp(createAuth({ keys: testKeys, internalToken: 'x'.repeat(20), ...other }));
    await request(app)
      .get('/who')
      .set({ authorization: `Bearer ${token}` })
      .expect(401);
  }
});

test('a header that is no bearer token is refused', async () => {
  await request(anApp()).get('/who').set({ authorization: 'Basic YTpi' }).expect(401);
});

test('while the keys cannot be fetched the answer is 503, to be tried again', async () => {
  const auth = createAuth({
    keys: remoteKeys('http://127.0.0.1:9'),
    issuer: 'https://test.example',
    audience: 'test',
    internalToken: 'x'.repeat(20),
  });
  await request(anApp(auth))
    .get('/who')
    .set({ authorization: `Bearer ${await signToken(anAdmin)}` })
    .expect(503)
    .expect('retry-after', '1');
});

test('a token that was good is refused once its time is over', async () => {
  const app = anApp();
  const header = { authorization: `Bearer ${await signToken(anAdmin, { expiresIn: '1s' })}` };
  await request(app).get('/who').set(header).expect(200);
  await expect
    .poll(async () => (await request(app).get('/who').set(header)).status, { timeout: 5_000 })
    .toBe(401);
});
