import { subscriptions } from '@orderflow/contracts/groups';
import { newId } from '@orderflow/contracts/ids';
import { handledTypes } from '@orderflow/messaging/consumer';
import { anEvent } from '@orderflow/testing/events';
import { expect, test } from 'vitest';
import { inventory } from '../../test/inventory.ts';

const requested = (orderId: string, ...items: [productId: string, quantity: number][]) =>
  anEvent('order.confirmation-requested', {
    orderId,
    items: items.map(([productId, quantity]) => ({ productId, quantity })),
  });
const paid = (orderId: string) =>
  anEvent('order.paid', { orderId, total: { amount: 2999, currency: 'EUR' } });
const cancelled = (orderId: string) =>
  anEvent('order.cancelled', { orderId, reason: 'cancelled_by_customer' });
const shipped = (orderId: string) => anEvent('order.shipped', { orderId });

test('the handlers are those that the contracts say this group has', async () => {
  const { handlers } = await inventory();
  expect(handledTypes(handlers).sort()).toEqual([...subscriptions.inventory].sort());
});

test('an order that is requested is held until its time to live is over, and the event says so', async () => {
  const { handle, addProduct, stock, reservations, told, unbalanced } = await inventory({ ttlMs: 60_000 });
  const [mug, bowl, order] = [await addProduct(10), await addProduct(5), newId()];
  const before = Date.now();
  const request = requested(order, [mug, 2], [bowl, 5]);
  await handle([{ ...request, traceparent: 'trace', attempt: 3 }]);

  expect(await stock(mug, bowl)).toMatchObject([
    { received: 10, onHand: 10, reserved: 2, shipped: 0 },
    { received: 5, onHand: 5, reserved: 5, shipped: 0 },
  ]);
  const [reservation] = await reservations(order);
  expect(reservation).toMatchObject({ status: 'HELD', items: request.data.items, paid: false });
  const expiresAt = reservation!.expiresAt!;
  expect(expiresAt.getTime()).toBeGreaterThanOrEqual(before + 60_000);
  expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
  expect(await told(order)).toMatchObject([
    {
      type: 'inventory.reserved',
      subject: order,
      orderid: order,
      sequence: 1,
      correlationid: request.correlationid,
      causationid: request.id,
      traceparent: 'trace',
      attempt: 3,
      actor: 'system:inventory',
      data: { orderId: order, items: request.data.items, expiresAt: expiresAt.toISOString() },
    },
  ]);
  expect(await unbalanced()).toEqual([]);
});

test('an order that is short of one item holds nothing, names every shortage, and disturbs no other order', async () => {
  const { handle, addProduct, stock, told, metric, unbalanced } = await inventory();
  const [mug, bowl, unknown] = [await addProduct(3), await addProduct(10), newId()];
  const [first, short, last] = [newId(), newId(), newId()];
  await handle([
    requested(first, [mug, 1]),
    requested(short, [bowl, 1], [mug, 3], [unknown, 1]),
    requested(last, [mug, 2]),
  ]);

  expect(await stock(mug, bowl)).toMatchObject([{ reserved: 3 }, { reserved: 0 }]);
  expect((await told(first, last)).map((event) => event.type)).toEqual([
    'inventory.reserved',
    'inventory.reserved',
  ]);
  const [rejected] = await told(short);
  expect(rejected).toMatchObject({
    type: 'inventory.rejected',
    data: {
      shortages: [
        { productId: mug, requested: 3, available: 2 },
        { productId: unknown, requested: 1, available: 0 },
      ],
    },
  });
  expect(await metric('inventory_reservations_total')).toEqual({ reserved: 2, rejected: 1 });
  expect(await metric('inventory_movements_total')).toEqual({ RECEIVED: 2, RESERVED: 2 });
  expect(await unbalanced()).toEqual([]);
});

test('a product that is listed twice is asked for once, with the sum', async () => {
  const { handle, addProduct, told } = await inventory();
  const [mug, order] = [await addProduct(3), newId()];
  await handle([requested(order, [mug, 2], [mug, 2])]);
  expect(await told(order)).toMatchObject([
    { data: { shortages: [{ productId: mug, requested: 4, available: 3 }] } },
  ]);
});

test('an order of two that ships takes ten on hand to eight', async () => {
  const { handle, addProduct, stock, reservations, told, db, unbalanced } = await inventory();
  const [mug, order] = [await addProduct(10), newId()];
  await handle([requested(order, [mug, 2])]);
  await handle([paid(order)]);
  await handle([shipped(order)]);

  expect(await stock(mug)).toMatchObject([{ received: 10, onHand: 8, reserved: 0, shipped: 2 }]);
  expect(await reservations(order)).toMatchObject([{ status: 'SHIPPED' }]);
  expect((await told(order)).map(({ type, sequence }) => [type, sequence])).toEqual([
    ['inventory.reserved', 1],
    ['inventory.shipped', 2],
  ]);
  const ledger = await db.query(
    'SELECT kind, quantity, order_id FROM movements WHERE product_id = $1 ORDER BY id',
    [mug],
  );
  expect(ledger).toEqual([
    { kind: 'RECEIVED', quantity: 10, order_id: null },
    { kind: 'RESERVED', quantity: 2, order_id: order },
    { kind: 'SHIPPED', quantity: 2, order_id: order },
  ]);
  expect(await unbalanced()).toEqual([]);
});

test('a cancelled order gives its items back, and the next order of the same batch may have them', async () => {
  const { handle, addProduct, stock, reservations, told } = await inventory();
  const [mug, first, second] = [await addProduct(1), newId(), newId()];
  await handle([requested(first, [mug, 1])]);
  await handle([cancelled(first), requested(second, [mug, 1])]);

  expect(await stock(mug)).toMatchObject([{ onHand: 1, reserved: 1 }]);
  expect(await reservations(first)).toMatchObject([{ status: 'RELEASED' }]);
  expect(await reservations(second)).toMatchObject([{ status: 'HELD' }]);
  expect((await told(first)).map((event) => event.type)).toEqual([
    'inventory.reserved',
    'inventory.released',
  ]);
});

test('a cancellation that comes before the request refuses it, without a word', async () => {
  const { handle, addProduct, stock, reservations, told } = await inventory();
  const [mug, order] = [await addProduct(1), newId()];
  await handle([cancelled(order)]);
  await handle([requested(order, [mug, 1])]);

  expect(await stock(mug)).toMatchObject([{ reserved: 0 }]);
  expect(await reservations(order)).toMatchObject([{ status: 'RELEASED' }]);
  expect(await told(order)).toEqual([]);
});

test('the cancellation that answers a rejection releases nothing', async () => {
  const { handle, addProduct, stock, reservations, told } = await inventory();
  const [mug, order] = [await addProduct(1), newId()];
  await handle([requested(order, [mug, 2])]);
  await handle([cancelled(order)]);

  expect(await stock(mug)).toMatchObject([{ reserved: 0 }]);
  expect(await reservations(order)).toMatchObject([{ status: 'REJECTED' }]);
  expect(await told(order)).toHaveLength(1);
});

test('a batch of a hundred orders takes no more statements than one order', async () => {
  const { db, handlers, addProduct } = await inventory();
  const products = [await addProduct(1_000), await addProduct(1_000)];
  const statements = (orders: number) =>
    db.transaction(async (tx) => {
      let count = 0;
      const query: typeof tx.query = (text, values) => {
        count += 1;
        return tx.query(text, values);
      };
      const batch = Array.from({ length: orders }, () => requested(newId(), [products[orders % 2]!, 1]));
      await handlers['order.confirmation-requested'](batch, { ...tx, query });
      return count;
    });
  expect(await statements(100)).toBe(await statements(1));
});

test('what is rolled back leaves nothing behind and is not counted', async () => {
  const { db, handlers, addProduct, stock, reservations, told, metric, unbalanced } = await inventory();
  const [mug, order] = [await addProduct(1), newId()];
  const dying = db.transaction(async (tx) => {
    await handlers['order.confirmation-requested']([requested(order, [mug, 1])], tx);
    throw new Error('killed before the commit');
  });
  await expect(dying).rejects.toThrow('killed before the commit');
  expect(await stock(mug)).toMatchObject([{ reserved: 0 }]);
  expect(await reservations(order)).toEqual([]);
  expect(await told(order)).toEqual([]);
  expect(await metric('inventory_reservations_total')).toEqual({});
  expect(await metric('inventory_movements_total')).toEqual({ RECEIVED: 1 });
  expect(await unbalanced()).toEqual([]);
});

test('the ledger is only ever added to', async () => {
  const { db, addProduct } = await inventory();
  await addProduct(1);
  for (const change of ['UPDATE movements SET quantity = 2', 'DELETE FROM movements', 'TRUNCATE movements']) {
    await expect(db.query(change)).rejects.toThrow('movements are only ever added');
  }
});

test.each([
  'UPDATE stock SET reserved = 2',
  'UPDATE stock SET reserved = -1',
  'UPDATE stock SET on_hand = 0',
])('the database itself refuses impossible stock: %s', async (change) => {
  const { db, addProduct } = await inventory();
  await addProduct(1);
  await expect(db.query(change)).rejects.toThrow('check constraint');
});
