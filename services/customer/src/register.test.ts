import { tokensView } from '@orderflow/contracts/auth';
import { customerIdOf } from '@orderflow/contracts/ids';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService, orderPlacedBy } from '../test/customer-service.ts';

const ada = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse' };
const customerId = customerIdOf(ada.email);

test('who registers has an account, a record with its event, and is logged in', async () => {
  const { app, accounts, customers, outbox, metric } = await customerService();
  const response = await request(app)
    .post('/api/auth/register')
    .set('x-correlation-id', 'thread-1')
    .send({ ...ada, email: 'Ada@Example.org', phone: '+4930123456' })
    .expect(201)
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
    { id: account.id, email: ada.email, demo: false, passwordHash: expect.stringMatching(/^scrypt\$/) },
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
  expect(await metric('accounts_created_total', 'role')).toEqual({ customer: 1 });
  expect(await metric('customers_created_total', 'kind')).toEqual({ registered: 1 });
});

test('a guest who registers takes over the record of their order', async () => {
  const { deliver, register, customers, outbox, metric } = await customerService();
  await deliver(orderPlacedBy(ada.email, { name: 'A. L.', phone: '+4930123456' }));
  const { account } = await register();
  expect(account.customerId).toBe(customerId);
  expect(await customers()).toMatchObject([{ name: ada.name, phone: '+4930123456', guest: false }]);
  expect(await outbox()).toHaveLength(1);
  expect(await metric('customers_created_total', 'kind')).toEqual({ guest: 1, taken_over: 1 });
});

test('ten who register with one address at the same moment: one does', async () => {
  const { app, accounts, customers, outbox } = await customerService();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => request(app).post('/api/auth/register').send(ada)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  expect(await accounts()).toHaveLength(1);
  expect(await customers()).toHaveLength(1);
  expect(await outbox()).toHaveLength(1);
});

test('an address that has an account of another role is refused, and no record stays behind', async () => {
  const { app, admin, accounts, customers, outbox } = await customerService();
  const seller = { ...ada, role: 'seller', sellerId: 'shop' };
  await admin.post('/api/accounts').send(seller).expect(201);
  await request(app).post('/api/auth/register').send(ada).expect(409);
  expect(await accounts()).toMatchObject([{ role: 'seller' }]);
  expect(await customers()).toEqual([]);
  expect(await outbox()).toEqual([]);
});

test.each([
  ['a role of their choice', { ...ada, role: 'admin' }, ''],
  ['a short password', { ...ada, password: '1234567' }, 'password'],
  ['no address', { ...ada, email: 'ada' }, 'email'],
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

test('a record that was made by hand gets its account from an admin, not from whoever registers', async () => {
  const { app, admin, customers, outbox, logIn } = await customerService();
  await admin
    .post('/api/customers')
    .send({ name: 'Ada', email: ada.email, phone: '+4930123456' })
    .expect(201);
  await request(app).post('/api/auth/register').send(ada).expect(409);
  await admin
    .post('/api/accounts')
    .send({ ...ada, role: 'customer' })
    .expect(201);
  expect(await customers()).toMatchObject([{ id: customerId, name: ada.name, phone: '+4930123456' }]);
  expect(await outbox()).toHaveLength(1);
  expect((await logIn().expect(200)).body.account).toMatchObject({ customerId });
});
