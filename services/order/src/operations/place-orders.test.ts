import { customerIdOf, newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { aCustomer, orderService } from '../../test/harness.ts';
import type { NewOrder } from '../new-order.ts';
import { placeOrders } from './place-orders.ts';

test('a hundred orders at once are all placed, in few transactions', async () => {
  const { api, db, addProduct, told, metrics, written } = await orderService();
  const { productId } = await addProduct();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      api
        .post('/api/orders')
        .set('x-correlation-id', `thread-${i}`)
        .send({ customer: aCustomer, items: [{ productId, quantity: i + 1 }] }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  expect(await written()).toEqual({ orders: 100, items: 100, events: 200 });
  for (const [i, { body }] of answers.entries()) {
    expect(body.items[0].quantity).toBe(i + 1);
    expect((await told(body.id)).map(({ sequence, correlationid }) => [sequence, correlationid])).toEqual([
      [1, `thread-${i}`],
      [2, `thread-${i}`],
    ]);
  }
  const [{ transactions } = { transactions: 0 }] = await db.query<{ transactions: number }>(
    'SELECT count(DISTINCT xmin::text) AS transactions FROM orders',
  );
  expect(transactions).toBeLessThan(50);
  expect(await metrics.registry.metrics()).toContain('orders_placed_total{service="test"} 100');
});

test('a bad order among a hundred refuses only itself', async () => {
  const { api, addProduct, written } = await orderService();
  const { productId } = await addProduct();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      api
        .post('/api/orders')
        .send({ customer: aCustomer, items: [{ productId: i === 50 ? newId() : productId, quantity: 1 }] }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map((_, i) => (i === 50 ? 422 : 201)));
  expect(await written()).toEqual({ orders: 99, items: 99, events: 198 });
});

async function placing() {
  const service = await orderService();
  const { db, addProduct, orderMetrics } = service;
  const { productId } = await addProduct();
  const anOrder = (changes: Partial<NewOrder> = {}): NewOrder => ({
    id: newId(),
    customer: { id: customerIdOf(aCustomer.email), ...aCustomer },
    guest: false,
    items: [{ productId, quantity: 1 }],
    cause: { correlationId: newId(), actor: 'test' },
    ...changes,
  });
  const place = (orders: NewOrder[], afterwards = async (_tx: Transaction) => {}) =>
    db.transaction(async (tx) => {
      const outcomes = await placeOrders(tx, orders, orderMetrics);
      await afterwards(tx);
      return outcomes.map((outcome) =>
        typeof outcome === 'object' && 'id' in outcome ? outcome.id : outcome,
      );
    });
  return { ...service, anOrder, place };
}

test('an order that is placed again after its answer was lost is the one that is there', async () => {
  const { anOrder, place, written } = await placing();
  const order = anOrder();
  expect(await place([order])).toEqual([order.id]);
  expect(await place([order, anOrder(), order])).toEqual([order.id, expect.any(String), order.id]);
  expect(await written()).toEqual({ orders: 2, items: 2, events: 4 });
});

test('a reference stands for the first order that has it, also within one batch', async () => {
  const { anOrder, place, written } = await placing();
  const [first, second, third] = [1, 2, 3].map(() => anOrder({ reference: 'A-1' }));
  expect(await place([first!, second!])).toEqual([first!.id, first!.id]);
  expect(await place([third!])).toEqual([first!.id]);
  expect(await written()).toEqual({ orders: 1, items: 1, events: 2 });
});

test('orders of a transaction that is rolled back leave nothing and are not counted', async () => {
  const { anOrder, place, written, metrics } = await placing();
  const failing = place([anOrder()], async () => {
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await written()).toEqual({ orders: 0, items: 0, events: 0 });
  expect(await metrics.registry.metrics()).toContain('orders_placed_total{service="test"} 0');
});

test('batches with the same references in another order wait for one another instead of deadlocking', async () => {
  const { anOrder, place, db } = await placing();
  const batch = (...references: string[]) => references.map((reference) => anOrder({ reference }));
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const waiting = async (n: number) => {
    const blocked = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(blocked).toHaveLength(n);
  };
  // Holds one reference of each batch until both have inserted what they can.
  const holder = place(batch('x', 'y'), async () => {
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const forwards = place(batch('c', 'x', 'b'));
  const backwards = place(batch('b', 'y', 'c'));
  await eventually(() => waiting(2));
  release.resolve();
  await holder;
  const [one, other] = await Promise.all([forwards, backwards]);
  expect(one[2]).toBe(other[0]);
  expect(one[0]).toBe(other[2]);
});
