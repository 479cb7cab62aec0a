import { newId } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';

const email = 'ada@example.org';
const old = 'correct horse';
const fresh = 'battery staple';

/** The service as people meet it, with its own tokens. */
async function people() {
  const service = await customerService();
  const own = service.freshReplica();
  const by = ({ accessToken }: { accessToken: string }) =>
    request.agent(own).set('authorization', `Bearer ${accessToken}`);
  const askForReset = (address = email) =>
    request(own).post('/api/auth/password-reset').send({ email: address });
  const reset = (body: object) => request(own).post('/api/auth/password-reset/confirm').send(body);
  const deeds = async () =>
    (await service.outbox())
      .filter(({ type }) => type.startsWith('account.'))
      .map(({ type, subject, sequence, actor, data }) => ({ type, subject, sequence, actor, data }));
  return { ...service, own, by, askForReset, reset, deeds };
}

test('who knows the password changes it; the other sessions end, and the owner gets a mail', async () => {
  const { register, logIn, refresh, by, mails, deeds } = await people();
  const here = await register(email);
  const elsewhere = (await logIn().expect(200)).body;
  const change = (currentPassword: string) =>
    by(here).post('/api/auth/password').send({ currentPassword, newPassword: fresh });
  await change('a guess').expect(403);
  await logIn().expect(200);
  await change(old).expect(204);
  await logIn(email, old).expect(401);
  await logIn(email, fresh).expect(200);
  await refresh(elsewhere.refreshToken).expect(401);
  await refresh(here.refreshToken).expect(200);
  const accountId = here.account.id;
  expect((await mails()).at(-1)).toEqual({ template: 'password-changed', email, accountId });
  expect(await deeds()).toEqual([
    {
      type: 'account.password-changed',
      subject: accountId,
      sequence: 1,
      actor: `customer:${accountId}`,
      data: { accountId, how: 'changed' },
    },
  ]);
});

test('whoever has a stolen token guesses the old password no faster than at the log-in', async () => {
  const { register, logIn, by } = await people();
  const stolen = await register(email);
  const change = (currentPassword: string) =>
    by(stolen).post('/api/auth/password').send({ currentPassword, newPassword: fresh });
  for (let i = 0; i < 5; i++) await change('a guess').expect(403);
  await change(old).expect(429);
  await logIn().expect(200);
});

test('a forgotten password is reset by a code from a mail, good once and for an hour; all sessions end', async () => {
  const { db, register, logIn, refresh, codeTo, mails, askForReset, reset, deeds } = await people();
  const { account, refreshToken } = await register(email);
  await askForReset('Ada@Example.org').expect(202);
  expect((await mails()).at(-1)).toMatchObject({ template: 'reset-password', email, accountId: account.id });
  const code = await codeTo(email);
  await reset({ email, code: '0000-0000-0000', password: fresh }).expect(401);
  await reset({ email: 'eve@example.org', code, password: fresh }).expect(401);
  await db.query("UPDATE password_resets SET expires_at = now() - interval '1 second'");
  await reset({ email, code, password: fresh }).expect(401);
  await db.query("UPDATE password_resets SET expires_at = now() + interval '1 hour'");
  const body = { email, code, password: fresh };
  const answers = await Promise.all([reset(body), reset(body), reset(body)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 401, 401]);
  await reset(body).expect(401);
  await refresh(refreshToken).expect(401);
  await logIn(email, old).expect(401);
  await logIn(email, fresh).expect(200);
  expect((await mails()).at(-1)).toMatchObject({ template: 'password-changed', email });
  expect(await deeds()).toMatchObject([
    { type: 'account.password-changed', actor: `customer:${account.id}`, data: { how: 'reset' } },
  ]);
});

test('asking for a new password does not tell who has an account, nor how often one has asked', async () => {
  const { register, askForReset, mails, reset, codeTo } = await people();
  await register(email);
  const before = (await mails()).length;
  const answers = [await askForReset(email), await askForReset('nobody@example.org')];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(answers[1]!.body).toEqual(answers[0]!.body);
  expect((await mails()).slice(before)).toMatchObject([{ template: 'reset-password', email }]);
  for (let i = 0; i < 6; i++) await askForReset(email).expect(202);
  expect(await mails()).toHaveLength(before + 5);
  // One reset ends the other codes too.
  const last = await codeTo(email);
  await reset({ email, code: last, password: fresh }).expect(204);
  expect((await reset({ email, code: last, password: old })).status).toBe(401);
});

test('a reset lets in who was made to wait by guesses, and shows that the address is theirs', async () => {
  const { db, register, logIn, codeTo, askForReset, reset } = await people();
  await register(email);
  await db.query('UPDATE accounts SET email_verified_at = NULL');
  for (let i = 0; i < 5; i++) await logIn(email, 'a guess').expect(401);
  await logIn(email, old).expect(429);
  await askForReset().expect(202);
  await reset({ email, code: await codeTo(email), password: fresh }).expect(204);
  await logIn(email, fresh).expect(200);
});

test('sessions are listed with their device and the one that asks, and ended one by one or all', async () => {
  const { app, register, refresh, by, deeds } = await people();
  const here = await register(email);
  const phone = await request(app)
    .post('/api/auth/login')
    .set('user-agent', 'Phone/1.0')
    .send({ email, password: old })
    .expect(200);
  const list = async () => (await by(here).get('/api/auth/sessions').expect(200)).body.items;
  const [first, second] = await list();
  expect(first).toEqual({
    id: decodeJwt(phone.body.accessToken).sid,
    device: 'Phone/1.0',
    createdAt: expect.any(String),
    lastUsedAt: expect.any(String),
    current: false,
  });
  expect(second).toMatchObject({ id: decodeJwt(here.accessToken).sid, current: true });

  const eve = await register('eve@example.org');
  await by(eve).delete(`/api/auth/sessions/${first.id}`).expect(404);
  await by(here).delete(`/api/auth/sessions/${newId()}`).expect(404);
  await by(here).delete(`/api/auth/sessions/${first.id}`).expect(204);
  await refresh(phone.body.refreshToken).expect(401);
  expect(await list()).toHaveLength(1);
  await by(here).delete('/api/auth/sessions').expect(204);
  await refresh(here.refreshToken).expect(401);
  await refresh(eve.refreshToken).expect(200);
  const accountId = here.account.id;
  expect(await deeds()).toMatchObject([
    { type: 'account.sessions-ended', sequence: 1, data: { accountId, sessionId: first.id } },
    { type: 'account.sessions-ended', sequence: 2, data: { accountId } },
  ]);
});

test('an ended session is named to the other parts while its access token is good, and its token is refused', async () => {
  const { db, own, freshReplica, register, by } = await people();
  const here = await register(email);
  const { sid } = decodeJwt(here.accessToken);
  const ended = async () => (await request(own).get('/internal/ended-sessions').expect(200)).body.sessions;
  expect(await ended()).toEqual([]);
  await by(here).delete('/api/auth/sessions').expect(204);
  expect(await ended()).toEqual([sid]);
  const token = { authorization: `Bearer ${here.accessToken}` };
  await request(freshReplica()).get('/api/auth/sessions').set(token).expect(401);
  await db.query("UPDATE sessions SET revoked_at = now() - interval '11 minutes'");
  expect(await ended()).toEqual([]);
});

test('an admin disables an account: no log-in, no session, no code; and enables it again', async () => {
  const { admin, register, logIn, refresh, askForReset, mails, deeds } = await people();
  const { account, refreshToken, deviceToken } = await register(email);
  const path = `/api/accounts/${account.id}/access`;
  const reason = 'chargebacks';
  const { body } = await admin.put(path).send({ enabled: false, reason }).expect(200);
  expect(body).toMatchObject({ id: account.id, disabledAt: expect.any(String), disabledReason: reason });
  await admin.put(path).send({ enabled: false, reason: 'again' }).expect(200);
  await logIn(email, 'a guess').expect(401);
  expect((await logIn().expect(403)).body.detail).toContain('disabled');
  await refresh(refreshToken).expect(401);
  const before = (await mails()).length;
  await askForReset().expect(202);
  expect(await mails()).toHaveLength(before);

  const enabled = (await admin.put(path).send({ enabled: true }).expect(200)).body;
  expect(enabled).toMatchObject({ disabledAt: null, disabledReason: null });
  await logIn().expect(200);
  expect(deviceToken).toBeDefined();
  const accountId = account.id;
  expect(await deeds()).toMatchObject([
    {
      type: 'account.access-changed',
      sequence: 1,
      actor: expect.stringMatching(/^admin:/),
      data: { accountId, enabled: false, reason },
    },
    { type: 'account.access-changed', sequence: 2, data: { accountId, enabled: true } },
  ]);
  await admin.put(`/api/accounts/${newId()}/access`).send({ enabled: false }).expect(404);
});

test('whoever logs in while their account is disabled has no session afterwards', async () => {
  const { admin, register, logIn, db } = await people();
  const { account } = await register(email);
  const logIns = Array.from({ length: 8 }, () => logIn());
  await Promise.all([
    ...logIns,
    admin.put(`/api/accounts/${account.id}/access`).send({ enabled: false }).expect(200),
  ]);
  expect(await db.query('SELECT id FROM sessions WHERE revoked_at IS NULL')).toEqual([]);
});

test('admins find accounts by e-mail address, page by page; others do not', async () => {
  const { app, admin, register } = await people();
  for (const name of ['c', 'a', 'b']) await register(`${name}@example.org`);
  const first = (await admin.get('/api/accounts?limit=2').expect(200)).body;
  const second = (await admin.get('/api/accounts').query({ limit: 2, cursor: first.nextCursor })).body;
  const emails = [...first.items, ...second.items].map((item: { email: string }) => item.email);
  expect(emails).toEqual(['a@example.org', 'b@example.org', 'c@example.org']);
  const found = (await admin.get('/api/accounts?email=B@example.org').expect(200)).body.items;
  expect(found).toMatchObject([{ email: 'b@example.org', role: 'customer', disabledAt: null }]);
  expect(JSON.stringify(found)).not.toContain('scrypt');
  for (const token of [await as.customer(), await as.seller()])
    await request(app).get('/api/accounts').set(token).expect(403);
});
