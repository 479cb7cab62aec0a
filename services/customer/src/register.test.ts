import { tokensView } from '@orderflow/contracts/auth';
import { customerIdOf } from '@orderflow/contracts/ids';
import type { Express } from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService, orderPlacedBy } from '../test/customer-service.ts';

const ada = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse' };
const customerId = customerIdOf(ada.email);

const registerWith = (app: Express, body: object = ada) => request(app).post('/api/auth/register').send(body);

test('who registers gets a mail, and with its code an account, a record with its event, and tokens', async () => {
  const { app, accounts, customers, outbox, mails, codeTo, verify, logIn, metric } = await customerService();
  const person = { ...ada, email: 'Ada@Example.org', phone: '+4930123456' };
  await registerWith(app, person).expect(202).expect('cache-control', 'no-store');
  expect(await mails()).toEqual([
    {
      template: 'verify-email',
      email: ada.email,
      ticket: expect.any(String),
      expiresAt: expect.stringMatching(/Z$/),
    },
  ]);
  expect([await accounts(), await customers(), await outbox()]).toEqual([[], [], []]);
  await logIn().expect(401);

  const response = await verify({
    email: person.email,
    password: ada.password,
    code: await codeTo(ada.email),
  })
    .set('x-correlation-id', 'thread-1')
    .expect(200)
    .expect('cache-control', 'no-store');
  const { account, expiresIn } = tokensView.parse(response.body);
  expect(expiresIn).toBe(600);
  expect(account).toEqual({
    id: account.id,
    role: 'customer',
    name: ada.name,
    email: ada.email,
    customerId,
    sellerId: null,
  });
  expect(await accounts()).toMatchObject([
    {
      id: account.id,
      email: ada.email,
      demo: false,
      passwordHash: expect.stringMatching(/^scrypt\$/),
      emailVerifiedAt: expect.any(Date),
    },
  ]);
  expect(await customers()).toMatchObject([
    { id: customerId, email: ada.email, phone: '+4930123456', guest: false },
  ]);
  expect(await outbox()).toMatchObject([
    {
      type: 'customer.created',
      subject: customerId,
      correlationid: 'thread-1',
      actor: `customer:${account.id}`,
      data: { customerId, name: ada.name, guest: false },
    },
  ]);
  await logIn().expect(200);
  expect(await metric('accounts_created_total', 'role')).toEqual({ customer: 1 });
  expect(await metric('customers_created_total', 'kind')).toEqual({ registered: 1 });
});

test('before the address is proved, nothing is linked to whoever registers with it', async () => {
  const { app, deliver, customers, accounts, logIn } = await customerService();
  await deliver(orderPlacedBy(ada.email, { name: 'A. L.', phone: '+4930123456' }));
  const before = await customers();
  await registerWith(app, { ...ada, name: 'Eve', password: 'chosen by Eve' }).expect(202);
  await logIn(ada.email, 'chosen by Eve').expect(401);
  expect(await customers()).toEqual(before);
  expect(await accounts()).toEqual([]);
});

test('a guest whose address is proved takes over the record of their order', async () => {
  const { deliver, register, customers, outbox, metric } = await customerService();
  await deliver(orderPlacedBy(ada.email, { name: 'A. L.', phone: '+4930123456' }));
  const { account } = await register();
  expect(account.customerId).toBe(customerId);
  expect(await customers()).toMatchObject([{ name: ada.name, phone: '+4930123456', guest: false }]);
  expect(await outbox()).toHaveLength(1);
  expect(await metric('customers_created_total', 'kind')).toEqual({ guest: 1, taken_over: 1 });
});

test('the owner of an address cannot confirm the account of a stranger who registered with it', async () => {
  const { app, accounts, codeTo, verify } = await customerService();
  await registerWith(app, { ...ada, password: 'chosen by Eve' }).expect(202);
  const codeForEve = await codeTo(ada.email);
  await registerWith(app).expect(202);
  await verify({ email: ada.email, password: ada.password, code: codeForEve }).expect(401);
  await verify({ email: ada.email, password: ada.password, code: await codeTo(ada.email) }).expect(200);
  // Hers is the account now; what Eve has left is gone.
  await verify({ email: ada.email, password: 'chosen by Eve', code: codeForEve }).expect(401);
  expect(await accounts()).toHaveLength(1);
});

test('a code is good once, for its own address, and for an hour', async () => {
  const { app, db, accounts, codeTo, verify } = await customerService();
  const { email, password } = ada;
  await registerWith(app).expect(202);
  const code = await codeTo(email);
  const wrong = await verify({ email, password, code: '0000-0000-0000' }).expect(401);
  const unknown = await verify({ email: 'bob@example.org', password, code }).expect(401);
  expect(unknown.body.detail).toBe(wrong.body.detail);
  await db.query("UPDATE registrations SET expires_at = now() - interval '1 second'");
  await verify({ email, password, code }).expect(401);
  await db.query("UPDATE registrations SET expires_at = now() + interval '1 hour'");
  const answers = await Promise.all(Array.from({ length: 5 }, () => verify({ email, password, code })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
  expect(await accounts()).toHaveLength(1);
});

test('registering answers the same whether or not the address is known, and its owner gets a mail', async () => {
  const { app, accounts, mails, register } = await customerService();
  const { account } = await register();
  const known = await registerWith(app, { ...ada, name: 'Eve', password: 'chosen by Eve' }).expect(202);
  const unknown = await registerWith(app, { ...ada, email: 'eve@example.org' }).expect(202);
  expect(known.body).toEqual(unknown.body);
  expect(Object.keys(known.headers)).toEqual(Object.keys(unknown.headers));
  expect((await mails()).slice(1)).toEqual([
    { template: 'already-registered', email: ada.email, accountId: account.id },
    expect.objectContaining({ template: 'verify-email', email: 'eve@example.org' }),
  ]);
  expect(await accounts()).toHaveLength(1);
});

test('an address gets five mails within an hour at most, and who registers more often is not told', async () => {
  const { app, db, mails } = await customerService();
  const answers = [];
  for (let i = 0; i < 7; i++) answers.push((await registerWith(app).expect(202)).body);
  expect(new Set(answers.map((body) => JSON.stringify(body))).size).toBe(1);
  expect(await mails()).toHaveLength(5);
  await db.query("UPDATE registrations SET expires_at = now() - interval '1 second'");
  await registerWith(app).expect(202);
  expect(await mails()).toHaveLength(6);
});

test('an address that has an account of another role keeps it, and no record is made', async () => {
  const { app, admin, accounts, customers, outbox, mails } = await customerService();
  const seller = { ...ada, role: 'seller', sellerId: 'shop' };
  await admin.post('/api/accounts').send(seller).expect(201);
  await registerWith(app).expect(202);
  expect(await mails()).toMatchObject([{ template: 'already-registered' }]);
  expect(await accounts()).toMatchObject([{ role: 'seller' }]);
  expect(await customers()).toEqual([]);
  expect(await outbox()).toEqual([]);
});

test('a customer from before addresses were proved gets in only once theirs is', async () => {
  const { db, register, logIn, refresh, metric } = await customerService();
  const { refreshToken } = await register();
  await db.query('UPDATE accounts SET email_verified_at = NULL');
  await logIn(ada.email, 'a guess').expect(401);
  const { body } = await logIn().expect(403);
  expect(body.detail).toContain('Reset the password');
  await refresh(refreshToken).expect(401);
  expect(await metric('auth_refreshes_total', 'outcome')).toEqual({ unverified: 1 });
});

test('an address whose top level is in punycode registers, logs in and is listed', async () => {
  const { admin, register, logIn } = await customerService();
  const emails = ['ada@example.xn--p1ai', 'grace@example.xn--p1ai'];
  for (const email of emails) await register(email);
  await logIn(emails[0]).expect(200);
  const first = (await admin.get('/api/customers?limit=1').expect(200)).body;
  const rest = (await admin.get('/api/customers').query({ cursor: first.nextCursor }).expect(200)).body;
  expect([...first.items, ...rest.items].map(({ email }) => email)).toEqual(emails);
});

test.each([
  ['a role of their choice', { ...ada, role: 'admin' }, ''],
  ['a short password', { ...ada, password: '1234567' }, 'password'],
  ['no address', { ...ada, email: 'ada' }, 'email'],
  ['a name of two lines', { ...ada, name: 'Ada\nLovelace' }, 'name'],
])('who registers with %s is refused', async (_name, body, path) => {
  const { app, accounts, customers } = await customerService();
  const answer = await request(app).post('/api/auth/register').send(body).expect(400);
  expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  expect(await accounts()).toEqual([]);
  expect(await customers()).toEqual([]);
});

test('an admin makes a seller, who logs in and has the seller in their token', async () => {
  const { admin, logIn, freshReplica, metric } = await customerService();
  const shop = { role: 'seller', name: 'Shop', email: 'Shop@example.org', password: 'long enough' };
  await admin.post('/api/accounts').send(shop).expect(400);
  const { body } = await admin
    .post('/api/accounts')
    .send({ ...shop, sellerId: 'shop-1' })
    .expect(201);
  expect(body).toMatchObject({ role: 'seller', email: 'shop@example.org', sellerId: 'shop-1' });
  expect(JSON.stringify(body)).not.toContain('scrypt');
  const { accessToken, account } = (await logIn('shop@example.org', 'long enough').expect(200)).body;
  expect(account).toEqual(body);
  const answer = await request(freshReplica())
    .get('/api/customers')
    .set('authorization', `Bearer ${accessToken}`);
  expect(answer.status).toBe(403);
  expect(await metric('accounts_created_total', 'role')).toEqual({ seller: 1 });
});

test('a record that was made by hand goes to who proves its address, or to whom an admin gives it', async () => {
  const { admin, customers, outbox, logIn, register } = await customerService();
  for (const email of [ada.email, 'bob@example.org'])
    await admin.post('/api/customers').send({ name: 'By hand', email, phone: '+4930123456' }).expect(201);
  const { account } = await register();
  expect(account.customerId).toBe(customerId);
  const bob = { ...ada, name: 'Bob', email: 'bob@example.org', role: 'customer' };
  await admin.post('/api/accounts').send(bob).expect(201);
  expect(await customers()).toMatchObject([
    { id: customerId, name: ada.name, phone: '+4930123456' },
    { name: 'Bob', phone: '+4930123456' },
  ]);
  expect(await outbox()).toHaveLength(2);
  expect((await logIn(bob.email, bob.password).expect(200)).body.account).toMatchObject({ name: 'Bob' });
});
