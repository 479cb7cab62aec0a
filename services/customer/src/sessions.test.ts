import { tokensView } from '@orderflow/contracts/auth';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';
import { forgetOver } from './operations/forget-over.ts';

test('a refresh token brings new tokens of the same account, and the next refresh token', async () => {
  const { register, refresh, freshReplica, metric } = await customerService();
  const first = await register();
  const response = await refresh(first.refreshToken).expect(200).expect('cache-control', 'no-store');
  const second = tokensView.parse(response.body);
  expect(second.account).toEqual(first.account);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  await refresh(second.refreshToken).expect(200);
  await request(freshReplica())
    .get(`/api/customers/${second.account.customerId}`)
    .set('authorization', `Bearer ${second.accessToken}`)
    .expect(200);
  expect(await metric('auth_refreshes_total', 'outcome')).toEqual({ success: 2 });
});

test('a refresh token that is used again ends its session for whoever has its next one, and no other', async () => {
  const { register, logIn, refresh, scope, metric } = await customerService();
  const stolen = await register();
  const elsewhere = (await logIn().expect(200)).body;
  const { body: next } = await refresh(stolen.refreshToken).expect(200);
  await refresh(stolen.refreshToken).expect(401).expect('www-authenticate', 'Bearer');
  await refresh(next.refreshToken).expect(401);
  await refresh(elsewhere.refreshToken).expect(200);
  expect(await metric('auth_refreshes_total', 'outcome')).toEqual({ success: 2, reused: 1, revoked: 1 });
  expect(scope.lines).toContainEqual(
    expect.objectContaining({ msg: expect.stringContaining('used twice'), sessionId: expect.any(String) }),
  );
});

test('of ten uses of a refresh token at the same moment one wins, and the session ends', async () => {
  const { db, register, refresh, metric } = await customerService();
  const { refreshToken } = await register();
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  const winner = answers.find(({ status }) => status === 200)!;
  await refresh(winner.body.refreshToken).expect(401);
  expect(await db.query('SELECT hash FROM refresh_tokens')).toHaveLength(2);
  expect(await metric('auth_refreshes_total', 'outcome')).toEqual({ success: 1, reused: 1, revoked: 9 });
});

test('a logout at the same moment as a refresh leaves no token that is good', async () => {
  const { app, register, refresh } = await customerService();
  for (let i = 0; i < 10; i++) {
    const { refreshToken } = await register(`ada${i}@example.org`);
    const [refreshed] = await Promise.all([
      refresh(refreshToken),
      request(app).post('/api/auth/logout').send({ refreshToken }).expect(204),
    ]);
    if (refreshed.status === 200) await refresh(refreshed.body.refreshToken).expect(401);
  }
});

test('a logout ends the session, again and with a used token too; an unknown one is no error', async () => {
  const { app, register, refresh } = await customerService();
  const logOut = (refreshToken: string) =>
    request(app).post('/api/auth/logout').send({ refreshToken }).expect(204);
  const { refreshToken } = await register();
  const { body: next } = await refresh(refreshToken).expect(200);
  await logOut(refreshToken);
  await refresh(next.refreshToken).expect(401);
  await logOut(next.refreshToken);
  await logOut('made-up');
});

test('a session ends with its time, and a token that nobody knows is refused in the same words', async () => {
  const { db, register, refresh, metric } = await customerService();
  const { refreshToken } = await register();
  await db.query("UPDATE sessions SET expires_at = now() - interval '1 second'");
  const expired = await refresh(refreshToken).expect(401);
  const unknown = await refresh('made-up').expect(401);
  expect(unknown.body.detail).toBe(expired.body.detail);
  expect(await metric('auth_refreshes_total', 'outcome')).toEqual({ expired: 1, unknown: 1 });
});

test('who comes for a new token may send the old one along, however bad it is', async () => {
  const { app, register } = await customerService();
  const { refreshToken } = await register();
  await request(app)
    .post('/api/auth/refresh')
    .set('authorization', 'Bearer run.out.token')
    .send({ refreshToken })
    .expect(200);
});

test('what is past its time is forgotten, a thousand rows a call, and nothing else', async () => {
  const { app, db, register, refresh, logIn } = await customerService();
  const over = await register('over@example.org');
  await db.query("UPDATE sessions SET expires_at = now() - interval '1 second'");
  await db.query(`INSERT INTO refresh_tokens (hash, session_id)
    SELECT 'old ' || n, sessions.id FROM sessions, generate_series(1, 1500) n`);
  const good = await register('good@example.org');
  await refresh(good.refreshToken).expect(200);
  await logIn('old@example.org', 'a guess').expect(401);
  await db.query("UPDATE login_throttles SET failed_at = now() - interval '25 hours'");
  await logIn('new@example.org', 'a guess').expect(401);
  const waiting = { name: 'Ada', email: 'late@example.org', password: 'correct horse' };
  await request(app).post('/api/auth/register').send(waiting).expect(202);
  await db.query("UPDATE registrations SET expires_at = now() - interval '1 second'");
  await request(app).post('/api/auth/register').send(waiting).expect(202);

  expect(await forgetOver(db)).toBe(1000 + 2 + 1);
  expect(await forgetOver(db)).toBe(501 + 1);
  expect(await forgetOver(db)).toBe(0);
  expect(await db.query('SELECT hash FROM refresh_tokens')).toHaveLength(2);
  expect(await db.query('SELECT id FROM sessions')).toHaveLength(1);
  expect(await db.query('SELECT DISTINCT email FROM login_throttles')).toEqual([
    { email: 'new@example.org' },
  ]);
  expect(await db.query('SELECT email FROM registrations')).toEqual([{ email: 'late@example.org' }]);
  await refresh(over.refreshToken).expect(401);
  // A used token is remembered as long as its session: its second use is still noticed.
  await refresh(good.refreshToken).expect(401);
});
