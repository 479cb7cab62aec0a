import { customerIdOf } from '@orderflow/contracts/ids';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { customerService } from '../test/customer-service.ts';

const own = `/api/customers/${customerIdOf('ada@example.org')}`;
const people = ['nobody', 'owner', 'other customer', 'seller', 'admin', 'service'] as const;

const tokenOf = {
  nobody: async () => ({}),
  owner: () => as.customer('ada@example.org'),
  'other customer': () => as.customer('eve@example.org'),
  seller: () => as.seller(),
  admin: () => as.admin(),
  service: () => as.service(),
};

test.each([
  ['get', '/api/customers', [401, 403, 403, 403, 200, 200], undefined],
  ['post', '/api/customers', [401, 403, 403, 403, 201, 409], { name: 'Bob', email: 'bob@example.org' }],
  ['get', own, [401, 200, 404, 403, 200, 200], undefined],
  ['patch', own, [401, 200, 404, 403, 200, 200], { phone: '+4930123456' }],
  [
    'post',
    '/api/accounts',
    [401, 403, 403, 403, 201, 409],
    { role: 'admin', name: 'Bob', email: 'bob@example.org', password: 'long enough' },
  ],
] as const)('%s %s lets in whom it is for', async (method, path, statuses, body) => {
  const { app, admin } = await customerService();
  await admin.post('/api/customers').send({ name: 'Ada', email: 'ada@example.org' }).expect(201);
  const answers = [];
  for (const person of people) {
    const { status } = await request(app)
      [method](path)
      .set(await tokenOf[person]())
      .send(body);
    answers.push(`${person}: ${status}`);
  }
  expect(answers).toEqual(people.map((person, i) => `${person}: ${statuses[i]}`));
});

test('somebody else who edits a record changes nothing and is not told that it is there', async () => {
  const { app, admin, customers } = await customerService();
  await admin.post('/api/customers').send({ name: 'Ada', email: 'ada@example.org' }).expect(201);
  const before = await customers();
  const eve = await as.customer('eve@example.org');
  const there = await request(app).patch(own).set(eve).send({ name: 'Eve' }).expect(404);
  const missing = `/api/customers/${customerIdOf('nobody@example.org')}`;
  const notThere = await request(app).patch(missing).set(eve).send({ name: 'Eve' }).expect(404);
  expect(there.body.code).toBe(notThere.body.code);
  expect(await customers()).toEqual(before);
});

test('a customer who edits their name has it in their next token', async () => {
  const { register, freshReplica, refresh } = await customerService();
  const { accessToken, refreshToken, account } = await register();
  const app = freshReplica();
  await request(app)
    .patch(`/api/customers/${account.customerId}`)
    .set('authorization', `Bearer ${accessToken}`)
    .send({ name: 'Ada King' })
    .expect(200);
  expect((await refresh(refreshToken).expect(200)).body.account.name).toBe('Ada King');
});

test('a record that is made again with the same Idempotency-Key is the first one', async () => {
  const { admin, outbox } = await customerService();
  const post = () =>
    admin
      .post('/api/customers')
      .set('idempotency-key', 'once')
      .send({ name: 'Ada', email: 'ada@example.org' })
      .expect(201);
  const first = await post();
  const second = await post();
  expect(second.body).toEqual(first.body);
  expect(second.headers.location).toBe(first.headers.location);
  expect(await outbox()).toHaveLength(1);
});
