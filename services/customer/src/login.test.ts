import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';
import { loginDelays } from './domain.ts';

type Service = Awaited<ReturnType<typeof customerService>>;

/** So many failures one after the other, each as soon as it is allowed. */
async function fail({ db, logIn }: Service, email: string, times: number) {
  for (let i = 0; i < times; i++) {
    await logIn(email, 'a guess').expect(401);
    await db.query('UPDATE login_throttles SET blocked_until = now()');
  }
}

test('who logs in gets tokens of their account, with the address in any letters', async () => {
  const { register, logIn, metric } = await customerService();
  const { account } = await register();
  const response = await logIn('ADA@example.org').expect(200).expect('cache-control', 'no-store');
  expect(response.body.account).toEqual(account);
  expect(await metric('auth_logins_total', 'outcome')).toEqual({ success: 1 });
});

test('a wrong password and an unknown address get the same answer', async () => {
  const { register, logIn, metric } = await customerService();
  await register();
  const wrong = await logIn('ada@example.org', 'a guess').expect(401);
  const unknown = await logIn('eve@example.org', 'a guess').expect(401);
  const { traceId: _one, ...answer } = wrong.body;
  const { traceId: _other, ...other } = unknown.body;
  expect(other).toEqual(answer);
  expect(answer.code).toBe('unauthenticated');
  expect(await metric('auth_logins_total', 'outcome')).toEqual({ refused: 2 });
});

test('a login hashes once, whether or not there is such an account', async () => {
  const { register, logIn, passwords } = await customerService();
  await register();
  const verified: (string | undefined)[] = [];
  const { verify } = passwords;
  passwords.verify = (password, hash) => {
    verified.push(hash);
    return verify(password, hash);
  };
  await logIn('ada@example.org', 'a guess').expect(401);
  await logIn('eve@example.org', 'a guess').expect(401);
  expect(verified).toEqual([expect.stringMatching(/^scrypt/), undefined]);
});

test.each([
  ['with an account', 'ada@example.org'],
  ['without one', 'eve@example.org'],
])('after five failures an address %s has to wait, each time longer', async (_name, email) => {
  const service = await customerService();
  await service.register();
  await fail(service, email, 4);
  for (const seconds of [1, 2, 4, 8]) {
    await service.logIn(email, 'a guess').expect(401);
    const { body } = await service.logIn(email, 'a guess').expect(429).expect('retry-after', `${seconds}`);
    expect(body.code).toBe('rate_limited');
    await service.db.query('UPDATE login_throttles SET blocked_until = now()');
  }
  expect(await service.metric('auth_logins_total', 'outcome')).toEqual({ refused: 8, delayed: 4 });
});

test('the wait ends at a quarter of an hour, and what is tried meanwhile does not count', async () => {
  const service = await customerService();
  await fail(service, 'eve@example.org', loginDelays.length + 3);
  await service.logIn('eve@example.org', 'a guess').expect(401);
  for (let i = 0; i < 3; i++)
    await service.logIn('eve@example.org', 'a guess').expect(429).expect('retry-after', '900');
  const counted = "SELECT failures FROM login_throttles WHERE source <> 'strangers'";
  expect(await service.db.query(counted)).toEqual([{ failures: loginDelays.length + 4 }]);
});

test('who has to wait is refused with the right password too; later it begins anew', async () => {
  const service = await customerService();
  await service.register();
  await fail(service, 'ada@example.org', 4);
  await service.logIn('ada@example.org', 'a guess').expect(401);
  await service.logIn().expect(429);
  await service.db.query('UPDATE login_throttles SET blocked_until = now()');
  await service.logIn().expect(200);
  await fail(service, 'ada@example.org', 4);
  await service.logIn().expect(200);
  expect(await service.db.query("SELECT * FROM login_throttles WHERE source <> 'strangers'")).toEqual([]);
});

test('of thirty guesses at the same moment five are answered', async () => {
  const { register, logIn } = await customerService();
  await register();
  const guesses = Array.from({ length: 30 }, (_, i) => logIn('ada@example.org', `guess ${i}`));
  const statuses = (await Promise.all(guesses)).map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(5).fill(401), ...Array(25).fill(429)]);
});

test('a right password among many guesses at the same moment is not told after the fifth failure', async () => {
  const service = await customerService();
  await service.register();
  const { passwords, logIn, db } = service;
  const { verify } = passwords;
  // The failures of others are written down while this one is being computed.
  passwords.verify = async (password, hash) => {
    await db.query(
      "INSERT INTO login_throttles VALUES ('ada@example.org', 'address:127.0.0.1', 5, now() + interval '9.5 s', now())",
    );
    return verify(password, hash);
  };
  await logIn().expect(429).expect('retry-after', '10');
  expect(await db.query('SELECT id FROM sessions')).toHaveLength(1); // the registration's
});

test('twenty who log in with the right password at the same moment all do', async () => {
  const { register, logIn } = await customerService();
  await register();
  const statuses = (await Promise.all(Array.from({ length: 20 }, () => logIn()))).map(({ status }) => status);
  expect(statuses).toEqual(Array(20).fill(200));
});

test('logs and stored rows hold no password, no token and no hash', async () => {
  const { app, db, scope, register, logIn, refresh } = await customerService();
  const { accessToken, refreshToken } = await register('ada@example.org', 'my-secret-password');
  await logIn('ada@example.org', 'my-secret-guess').expect(401);
  const { body: next } = await refresh(refreshToken).expect(200);
  await refresh(refreshToken).expect(401);
  await request(app).post('/api/auth/login').send({ email: 'ada', password: 'my-secret-typo' }).expect(400);
  await request(app).get('/api/customers').set('authorization', `Bearer ${accessToken}`).expect(401);
  const logged = JSON.stringify(scope.lines);
  expect(scope.lines.length).toBeGreaterThan(4);
  expect(logged).not.toMatch(/my-secret|scrypt/);
  const tables = [
    'accounts',
    'registrations',
    'sessions',
    'refresh_tokens',
    'login_failures',
    'messaging.outbox',
  ];
  let stored = '';
  for (const table of tables)
    stored += JSON.stringify(await db.query(`SELECT to_json(${table}.*) FROM ${table}`));
  expect(stored).not.toContain('my-secret');
  for (const token of [accessToken, refreshToken, next.accessToken, next.refreshToken]) {
    expect(logged).not.toContain(token);
    expect(stored).not.toContain(token);
  }
  for (const { hash } of await db.query<{ hash: string }>('SELECT hash FROM refresh_tokens'))
    expect(logged).not.toContain(hash);
});

test('nobody waits for longer than a quarter of an hour because the clock was ahead when they failed', async () => {
  const service = await customerService();
  await service.register();
  await service.logIn('ada@example.org', 'a guess').expect(401);
  await service.db.query("UPDATE login_throttles SET blocked_until = now() + interval '1 h'");
  await service.logIn('ada@example.org', 'a guess').expect(401);
  await service.db.query("UPDATE login_throttles SET blocked_until = now() + interval '1 h'");
  await service.logIn().expect(200);
});
