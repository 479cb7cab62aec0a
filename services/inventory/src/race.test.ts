import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import { anEvent } from '@orderflow/testing/events';
import { expect, test } from 'vitest';
import { inventory } from '../test/inventory.ts';
import type { OrderEvent } from './domain.ts';
import { adjustStock } from './operations/adjust-stock.ts';

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** Deals events out to so many consumers, as the replicas of a group get them. */
const deal = <T>(list: T[], hands: number): T[][] =>
  times(hands, (hand) => list.filter((_, i) => i % hands === hand));

/** Opens every connection of the pool, so that what starts together runs together. */
async function connectAll({ pool }: Database) {
  const clients = await Promise.all(times(pool.options.max, () => pool.connect()));
  for (const client of clients) client.release();
}

test('of two hundred orders that race for the last ten items exactly ten get one', async () => {
  const { handle, addProduct, stock, told, db, metric, unbalanced } = await inventory();
  await connectAll(db);
  const mug = await addProduct(10);
  const orders = times(200, newId);
  const requests = orders.map((orderId) =>
    anEvent('order.confirmation-requested', { orderId, items: [{ productId: mug, quantity: 1 }] }),
  );
  await Promise.all(deal(requests, 40).map(handle));

  expect(await stock(mug)).toMatchObject([{ onHand: 10, reserved: 10 }]);
  const events = await told(...orders);
  expect(events.filter((event) => event.type === 'inventory.reserved')).toHaveLength(10);
  expect(events.filter((event) => event.type === 'inventory.rejected')).toHaveLength(190);
  const [held] = await db.query<{ orders: number }>(
    "SELECT count(*) AS orders FROM reservations WHERE status = 'HELD'",
  );
  expect(held!.orders).toBe(10);
  expect(await metric('inventory_reservations_total')).toEqual({ reserved: 10, rejected: 190 });
  expect(await unbalanced()).toEqual([]);
});

test('batches with the same products and orders in different order wait for one another and never deadlock', async () => {
  const { handle, addProduct, stock, reservations, db, metrics, unbalanced } = await inventory();
  await connectAll(db);
  const products: string[] = [];
  for (let i = 0; i < 6; i++) products.push(await addProduct(100_000));
  const turned = (by: number) => [...products.slice(by % 6), ...products.slice(0, by % 6)];
  const orders = times(120, newId);

  const events = orders.map((orderId, i): OrderEvent[] => {
    const items = (i % 2 ? turned(i).reverse() : turned(i)).slice(0, 4);
    return [
      anEvent('order.confirmation-requested', {
        orderId,
        items: items.map((productId) => ({ productId, quantity: 1 })),
      }),
      i % 3 === 0
        ? anEvent('order.cancelled', { orderId, reason: 'cancelled_by_seller' })
        : anEvent('order.shipped', { orderId }),
    ];
  });
  const requests = deal(events, 12).map((hand) => hand.map(([request]) => request!));
  const endings = deal(events, 12).map((hand) => hand.map(([, ending]) => ending!).reverse());
  // The two batches about the same orders start together.
  const batches = requests.flatMap((batch, i) => [batch, endings[i]!]);
  const adjustments = times(40, (i) =>
    db.transaction((tx) =>
      adjustStock(tx, products[i % 6]!, {
        adjustment: () => ({ kind: 'RECEIVED', quantity: 1 }),
        actor: 'test',
        metrics,
      }),
    ),
  );
  await Promise.all([...batches.map(handle), ...adjustments]);

  const ends = await reservations(...orders);
  expect(ends.filter(({ status }) => status === 'RELEASED')).toHaveLength(40);
  expect(ends.filter(({ status }) => status === 'SHIPPED')).toHaveLength(80);
  const left = await stock(...products);
  expect(left.reduce((sum, row) => sum + row.shipped, 0)).toBe(80 * 4);
  expect(left.every((row) => row.reserved === 0)).toBe(true);
  expect(await unbalanced()).toEqual([]);
});

test('two replicas that hear of the same new orders in different order never deadlock', async () => {
  const { handle, addProduct, stock, db, unbalanced } = await inventory();
  await connectAll(db);
  const mug = await addProduct(100);
  for (let round = 0; round < 20; round++) {
    const orders = times(100, newId);
    const requests = orders.map((orderId) =>
      anEvent('order.confirmation-requested', { orderId, items: [{ productId: mug, quantity: 1 }] }),
    );
    const cancellations = orders
      .toReversed()
      .map((orderId) => anEvent('order.cancelled', { orderId, reason: 'cancelled_by_seller' }));
    await Promise.all([handle(requests), handle(cancellations)]);
  }
  expect(await stock(mug)).toMatchObject([{ onHand: 100, reserved: 0 }]);
  expect(await unbalanced()).toEqual([]);
});
