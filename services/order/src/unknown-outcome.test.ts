import { as } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../test/harness.ts';

/** A shop whose one replica may lose its connection at a commit, and another that does not. */
async function shop() {
  const service = await orderService();
  const { productId } = await service.addProduct();
  const { by, cutter } = await service.cutReplica();
  const items = [{ productId, quantity: 1 }];
  const guest = {
    customer_name: 'Ada',
    customer_email: 'ada@example.com',
    items: [{ product_id: productId, quantity: 1 }],
  };
  return { ...service, cutBy: by, cutter, items, guest, ada: await as.customer(aCustomer.email) };
}

const oneOrder = { orders: 1, items: 1, events: 2 };

test.each(['before', 'after'] as const)(
  'an order whose connection breaks %s its commit is placed once and answered 201, in every form',
  async (moment) => {
    const { cutBy, cutter, items, guest, ada, db, written } = await shop();
    const customer = cutBy(ada);
    const forms = [
      () => customer.post('/api/orders').send({ items }),
      () => customer.post('/api/orders').set('idempotency-key', 'k-1').send({ items }),
      () => cutBy({}).post('/api/orders').send(guest),
      () => cutBy({}).post('/orders').send(guest),
    ];
    for (const [i, place] of forms.entries()) {
      cutter.cut(moment);
      const { body } = await place().expect(201);
      const [placed] = await db.query<{ id: string }>('SELECT id FROM orders ORDER BY id DESC LIMIT 1');
      expect(body.id ?? body.order_id).toBe(placed!.id);
      expect(await written()).toEqual({ orders: i + 1, items: i + 1, events: 2 * (i + 1) });
    }
  },
);

test.each(['before', 'after'] as const)(
  'while Postgres stays away after a connection broke %s its commit, the answer names the key that finds the order',
  async (moment) => {
    const { cutBy, cutter, items, ada, by, written } = await shop();
    cutter.cutAndLeave(moment);
    const unknown = await cutBy(ada).post('/api/orders').send({ items }).expect(503);
    expect(unknown.body).toMatchObject({
      code: 'outcome_unknown',
      detail: expect.stringContaining('Idempotency-Key'),
    });
    expect(Number(unknown.headers['retry-after'])).toBeGreaterThan(0);
    const key = unknown.headers['idempotency-key']!;
    const again = () => by(ada).post('/api/orders').set('idempotency-key', key).send({ items });
    const first = await again().expect(201);
    expect((await again().expect(201)).text).toBe(first.text);
    expect(first.headers.location).toBe(`/api/orders/${first.body.id}`);
    expect(await written()).toEqual(oneOrder);

    const grace = by(await as.customer('grace@example.com'));
    for (const other of [
      grace.post('/api/orders').set('idempotency-key', key).send({ items }),
      by(ada)
        .post('/api/orders')
        .set('idempotency-key', key)
        .send({ items: [...items, ...items] }),
    ]) {
      expect((await other.expect(422)).body.code).toBe('idempotency_key_reused');
    }
    expect(await written()).toEqual(oneOrder);
  },
);

test('orders that share a commit whose answer is lost are each placed once and get each its own answer', async () => {
  const { cutBy, cutter, ada, items, written } = await shop();
  const customer = cutBy(ada);
  cutter.cut('after', 'before', 'after');
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => {
      const order = { items: items.map((item) => ({ ...item, quantity: i + 1 })) };
      const request = customer.post('/api/orders');
      return (i % 2 === 0 ? request : request.set('idempotency-key', `k-${i}`)).send(order);
    }),
  );
  for (const [i, { status, body }] of answers.entries()) {
    expect([status, body.items[0].quantity]).toEqual([201, i + 1]);
  }
  expect(await written()).toEqual({ orders: 20, items: 20, events: 40 });
});

test.each(['before', 'after'] as const)(
  'a move whose connection breaks %s its commit is made once and answered 200',
  async (moment) => {
    const { cutBy, cutter, ada, items, by, told } = await shop();
    const { body: placed } = await by(ada).post('/api/orders').send({ items }).expect(201);
    cutter.cut(moment);
    const { body } = await cutBy(ada).post(`/api/orders/${placed.id}/cancel`).send({}).expect(200);
    expect(body.status).toBe('CANCELLED');
    const types = (await told(placed.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'order.cancelled')).toHaveLength(1);
  },
);
