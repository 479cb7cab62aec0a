import { customerView } from '@orderflow/contracts/http/accounts';
import { pageOf } from '@orderflow/contracts/http/page';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { customerService, orderPlacedBy } from '../test/customer-service.ts';

const ada = { name: 'Ada Lovelace', email: 'ada@example.org' };
const address = { line1: 'Ring 1', city: 'Köln', postalCode: '50667', country: 'DE' };

test('a customer is created with the id of their address, and the event says who made the record', async () => {
  const { admin, outbox, scope } = await customerService();
  const id = customerIdOf(ada.email);
  const response = await admin
    .post('/api/customers')
    .set('X-Correlation-Id', 'thread-1')
    .send({ ...ada, email: 'Ada@Example.org', phone: '+4930123456', address })
    .expect(201)
    .expect('location', `/api/customers/${id}`);
  expect(customerView.parse(response.body)).toMatchObject({
    id,
    ...ada,
    phone: '+4930123456',
    address,
    guest: false,
  });
  expect(await outbox()).toMatchObject([
    {
      type: 'customer.created',
      subject: id,
      sequence: 1,
      correlationid: 'thread-1',
      actor: expect.stringMatching(/^admin:/),
      data: { customerId: id, name: ada.name, guest: false },
    },
  ]);
  expect((await admin.get(`/api/customers/${id}`).expect(200)).body).toEqual(response.body);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /customers_created_total\{kind="registered",service="test"\} 1/,
  );
});

test('an address that somebody registered with is refused, and their record stays', async () => {
  const { admin, customers, outbox } = await customerService();
  await admin.post('/api/customers').send(ada).expect(201);
  const { body } = await admin
    .post('/api/customers')
    .send({ ...ada, name: 'Eve' })
    .expect(409);
  expect(body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('another address') });
  expect(await customers()).toMatchObject([{ name: ada.name }]);
  expect(await outbox()).toHaveLength(1);
});

test('a guest who registers takes over their record, and what they left with the order', async () => {
  const { admin, deliver, outbox } = await customerService();
  await deliver(orderPlacedBy(ada.email, { name: 'A. L.', phone: '+4930123456' }));
  const { body } = await admin
    .post('/api/customers')
    .send({ ...ada, address })
    .expect(201);
  expect(body).toMatchObject({ ...ada, phone: '+4930123456', address, guest: false });
  expect(await outbox()).toHaveLength(1);
  await admin.post('/api/customers').send(ada).expect(409);
});

test('ten who register with one address at the same moment: one does', async () => {
  const { admin, deliver, customers, outbox } = await customerService();
  const posts = Array.from({ length: 10 }, (_, i) =>
    admin.post('/api/customers').send({ ...ada, name: `Ada ${i}` }),
  );
  const responses = await Promise.all([...posts, deliver(orderPlacedBy(ada.email))]);
  const statuses = responses.map((response) => (typeof response === 'number' ? 0 : response.status));
  expect(statuses.sort()).toEqual([0, 201, ...Array(9).fill(409)]);
  expect(await customers()).toMatchObject([{ guest: false }]);
  expect(await outbox()).toHaveLength(1);
});

test.each([
  ['no name', { email: ada.email }, 'name'],
  ['no address at all', { name: ada.name, email: 'ada' }, 'email'],
  ['a name of two lines', { ...ada, name: 'Ada\u2028Lovelace' }, 'name'],
  ['a phone that is none', { ...ada, phone: '030' }, 'phone'],
  ['a field nobody knows', { ...ada, admin: true }, ''],
])('a customer with %s is refused and not written', async (_name, customer, path) => {
  const { admin, customers, outbox } = await customerService();
  const { body } = await admin.post('/api/customers').send(customer).expect(400);
  expect(body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  expect(await customers()).toEqual([]);
  expect(await outbox()).toEqual([]);
});

test('customers are listed by address, page by page', async () => {
  const { admin, deliver } = await customerService();
  const emails = ['e@x.org', 'b@x.org', 'd@x.org', 'a@x.org', 'c@x.org'];
  await deliver(...emails.map((email) => orderPlacedBy(email)));
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 2, ...(cursor && { cursor }) };
    const { body } = await admin.get('/api/customers').query(query).expect(200);
    const page = pageOf(customerView).parse(body);
    seen.push(...page.items.map(({ email }) => email));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual(emails.toSorted());
});

test('customers are found by how their name or address begins, wildcards taken as they stand', async () => {
  const { admin, deliver } = await customerService();
  await deliver(
    orderPlacedBy('ada@example.org', { name: 'Ada Lovelace' }),
    orderPlacedBy('grace@example.org', { name: '100% Grace' }),
    orderPlacedBy('lovelace@example.org', { name: 'Bob\\by' }),
  );
  const found = async (q: string) => {
    const { body } = await admin.get('/api/customers').query({ q }).expect(200);
    return body.items.map((item: { email: string }) => item.email.split('@')[0]);
  };
  expect(await found('aDA')).toEqual(['ada']);
  expect(await found('love')).toEqual(['lovelace']);
  expect(await found('G')).toEqual(['grace']);
  expect(await found('%')).toEqual([]);
  expect(await found('_')).toEqual([]);
  expect(await found('100%')).toEqual(['grace']);
  expect(await found('Bob\\')).toEqual(['lovelace']);
});

test('an edit changes what it names, and nothing else', async () => {
  const { admin } = await customerService();
  const { body: created } = await admin.post('/api/customers').send({ ...ada, phone: '+4930123456' });
  const path = `/api/customers/${created.id}`;
  const { body } = await admin.patch(path).send({ name: 'Ada King', address }).expect(200);
  expect(body).toEqual({ ...created, name: 'Ada King', address });
  expect((await admin.patch(path).send({}).expect(200)).body).toEqual(body);
  await admin.patch(path).send({ email: 'new@example.org' }).expect(400);
  expect((await admin.get(path)).body).toEqual(body);
});

test.each([
  ['get', `/api/customers/${newId()}`, 404],
  ['get', '/api/customers/7', 404],
  ['patch', `/api/customers/${newId()}`, 404],
  ['get', '/api/customers?cursor=made-up', 400],
  ['get', '/api/customers?limit=1000', 400],
] as const)('%s %s is answered with %i', async (method, path, status) => {
  const { admin } = await customerService();
  const { body } = await admin[method](path).send(method === 'patch' ? { name: 'x' } : undefined);
  expect(body).toMatchObject({ status, code: status === 404 ? 'not_found' : 'invalid_request' });
});
