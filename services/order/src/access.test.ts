import { customerIdOf } from '@orderflow/contracts/ids';
import type { OrderStatus } from '@orderflow/contracts/order';
import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, accountIn, orderService } from '../test/harness.ts';

const people = {
  nobody: {},
  owner: await as.customer(aCustomer.email, aCustomer.name),
  'another customer': await as.customer('grace@example.com'),
  seller: await as.seller('seller-1'),
  'another seller': await as.seller('seller-2'),
  admin: await as.admin(),
  service: await as.service(),
};
type Person = keyof typeof people;

/** A service with one order of Ada's at seller-1. */
async function oneOrder(status: OrderStatus = 'PENDING') {
  const service = await orderService();
  const { api, by, db, addProduct } = service;
  const { productId } = await addProduct();
  await api.put('/api/sellers/seller-1/settings').send({ confirmation: 'seller' }).expect(200);
  const order = { items: [{ productId, quantity: 1 }] };
  const { id } = (await by(people.owner).post('/api/orders').send(order).expect(201)).body;
  await db.query('UPDATE orders SET status = $1', [status]);
  return { ...service, id: id as string, url: `/api/orders/${id}`, order };
}

const matrix: [
  what: string,
  method: 'get' | 'post' | 'put',
  path: string,
  sent: object | undefined,
  status: OrderStatus,
  answers: Record<Person, number>,
][] = [];

function row(
  what: string,
  [method, path, sent, status = 'PENDING']: ['get' | 'post' | 'put', string, object?, OrderStatus?],
  [nobody, owner, customer, seller, otherSeller, admin]: number[],
) {
  const answers = {
    nobody: nobody!,
    owner: owner!,
    'another customer': customer!,
    seller: seller!,
    'another seller': otherSeller!,
    admin: admin!,
    service: admin!,
  };
  matrix.push([what, method, path, sent, status, answers]);
}

row('reading', ['get', ''], [401, 200, 404, 200, 404, 200]);
row('confirming', ['post', '/confirm'], [401, 403, 403, 200, 404, 200]);
row('cancelling', ['post', '/cancel', {}], [401, 200, 404, 200, 404, 200]);
row('shipping', ['post', '/ship', {}, 'PAID'], [401, 403, 403, 200, 404, 200]);
row('fulfilling', ['post', '/fulfill', undefined, 'SHIPPED'], [401, 403, 403, 200, 404, 200]);
row('confirming by status', ['put', '/status', { status: 'CONFIRMED' }], [401, 403, 403, 200, 404, 200]);
row('shipping by status', ['put', '/status', { status: 'SHIPPED' }, 'PAID'], [401, 403, 403, 200, 404, 200]);
row(
  'fulfilling by status',
  ['put', '/status', { status: 'FULFILLED' }, 'SHIPPED'],
  [401, 403, 403, 200, 404, 200],
);
row('cancelling by status', ['put', '/status', { status: 'CANCELLED' }], [401, 200, 404, 200, 404, 200]);
row('setting what nobody sets', ['put', '/status', { status: 'PAID' }], [401, 409, 404, 409, 404, 409]);

test.each(matrix)('%s an order (%s …%s %j) is for some and not for others', async (...args) => {
  const [, method, path, sent, status, answers] = args;
  const { by, db, url, told } = await oneOrder(status);
  const before = await told();
  // Those who may not come first: what they left behind would show in the answers of those who may.
  const order = Object.entries(answers).sort(([, a], [, b]) => b - a) as [Person, number][];
  for (const [person, expected] of order) {
    if (expected === 200 && method !== 'get') {
      await db.query(`UPDATE orders SET status = $1, cancel_reason = NULL, confirmation_requested = false`, [
        status,
      ]);
    } else {
      expect(await told()).toEqual(before);
    }
    const answer = await by(people[person])[method](`${url}${path}`).send(sent);
    expect([person, answer.status]).toEqual([person, expected]);
    if (expected === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
  }
});

test('an order of somebody else is answered just as one that is not there', async () => {
  const { by, db, url } = await oneOrder();
  const stranger = by(people['another customer']);
  const theirs = (await stranger.get(url).expect(404)).body;
  await db.query('TRUNCATE orders, order_items');
  await by(people.admin).get(url);
  const gone = (await stranger.get(url.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))).expect(404))
    .body;
  const anonymous = ({ detail }: { detail: string }) => detail.replace(/[0-9a-f-]{36}/, 'ID');
  expect({ ...theirs, traceId: '', detail: anonymous(theirs) }).toEqual({
    ...gone,
    traceId: '',
    detail: anonymous(gone),
  });
});

test.each<[Person, string]>([
  ['owner', 'cancelled_by_customer'],
  ['seller', 'cancelled_by_seller'],
  ['admin', 'cancelled_by_admin'],
  ['service', 'cancelled_by_admin'],
])('a cancellation by %s is %s, and the event names who did it', async (person, reason) => {
  const { by, url, id, told, metrics } = await oneOrder();
  expect((await by(people[person]).post(`${url}/cancel`).expect(200)).body.cancelReason).toBe(reason);
  const token = people[person] as { authorization: string };
  const kind = reason.replace('cancelled_by_', '');
  expect((await told(id)).at(-1)).toMatchObject({
    type: 'order.cancelled',
    actor: person === 'service' ? 'system' : `${kind}:${accountIn(token)}`,
    data: { reason },
  });
  expect(await metrics.registry.metrics()).toContain(`order_moves_total{to="CANCELLED",reason="${reason}"`);
});

test('a list holds the orders of who asks, whatever they ask for', async () => {
  const { by, nobody, id } = await oneOrder();
  const listed = async (person: Person, query = {}) =>
    (await by(people[person]).get('/api/orders').query(query).expect(200)).body.items.map(
      (order: { id: string }) => order.id,
    );
  for (const person of ['owner', 'seller', 'admin', 'service'] as const)
    expect(await listed(person)).toEqual([id]);
  const adas = { customerId: customerIdOf(aCustomer.email), sellerId: 'seller-1' };
  for (const person of ['another customer', 'another seller'] as const) {
    expect(await listed(person)).toEqual([]);
    expect(await listed(person, adas)).toEqual([]);
  }
  await nobody.get('/api/orders').expect(401);
});

test('a customer orders in the name of the token, with a phone of their own', async () => {
  const { by, order, api } = await oneOrder();
  const ada = by(people.owner);
  const customer = { name: 'The Queen', email: 'ADA@example.com', phone: '+4930123456' };
  const { body } = await ada
    .post('/api/orders')
    .send({ ...order, customer })
    .expect(201);
  expect(body.customer).toEqual({
    id: customerIdOf(aCustomer.email),
    ...aCustomer,
    phone: '+4930123456',
  });
  const forbidden = { ...order, customer: { ...aCustomer, email: 'grace@example.com' } };
  expect((await ada.post('/api/orders').send(forbidden).expect(403)).body.code).toBe('forbidden');
  expect((await api.get('/api/orders')).body.items).toHaveLength(2);
});

test('an order is placed by customers, and by admins for a customer whom they name', async () => {
  const { by, nobody, order, told } = await oneOrder();
  const admin = by(people.admin);
  await nobody.post('/api/orders').send(order).expect(401);
  await by(people.seller).post('/api/orders').send(order).expect(403);
  const { errors } = (await admin.post('/api/orders').send(order).expect(400)).body;
  expect(errors.map(({ path }: { path: string }) => path)).toEqual(['customer']);
  const { body } = await admin
    .post('/api/orders')
    .send({ ...order, customer: aCustomer })
    .expect(201);
  expect(body.customer).toMatchObject({ ...aCustomer, id: customerIdOf(aCustomer.email) });
  expect((await told(body.id))[0]!.actor).toBe(`admin:${accountIn(people.admin)}`);
});

test('the settings of a seller are that seller’s', async () => {
  const { by, nobody } = await orderService();
  const url = '/api/sellers/seller-1/settings';
  await nobody.get(url).expect(401);
  await nobody.put(url).send({ confirmation: 'seller' }).expect(401);
  for (const [person, status] of [
    ['owner', 403],
    ['another seller', 404],
    ['seller', 200],
    ['admin', 200],
    ['service', 200],
  ] as const) {
    expect([person, (await by(people[person]).get(url)).status]).toEqual([person, status]);
    const put = await by(people[person]).put(url).send({ confirmation: 'seller' });
    expect([person, put.status]).toEqual([person, status]);
  }
});

test('outside of a demonstration there are neither guests nor aliases', async () => {
  const { nobody, api, addProduct, written } = await orderService({ demo: false });
  const { productId } = await addProduct();
  const guest = {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: productId, quantity: 1 }],
  };
  await nobody.post('/api/orders').send(guest).expect(401);
  await api.post('/api/orders').send(guest).expect(401);
  for (const path of ['/orders', '/order']) await api.post(path).send(guest).expect(404);
  for (const path of ['/orders', '/orders/1']) await api.get(path).expect(404);
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
});
