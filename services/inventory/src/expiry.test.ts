import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test, vi } from 'vitest';
import { inventory } from '../test/inventory.ts';
import { startExpiry } from './expiry.ts';
import { announceExpired } from './operations/announce-expired.ts';

/** Holds that run out at once, for so many orders of one item each. */
async function expiredHolds(orders: number, { ttlMs = 0 } = {}) {
  const service = await inventory({ ttlMs });
  const mug = await service.addProduct(orders);
  const requests = Array.from({ length: orders }, () =>
    anEvent('order.confirmation-requested', {
      orderId: newId(),
      items: [{ productId: mug, quantity: 1 }],
    }),
  );
  await service.handle(requests);
  const orderIds = requests.map((request) => request.data.orderId);
  const clock = () => {
    const { db, scope, metrics } = service;
    const expiry = startExpiry({ db, scope, metrics, everyMs: 20 });
    onTestFinished(() => expiry.stop());
    return expiry;
  };
  const expirations = async () =>
    (await service.told(...orderIds)).filter((event) => event.type === 'inventory.expired');
  return { ...service, mug, requests, orderIds, clock, expirations };
}

test('a hold that runs out unpaid is announced, and stays held until its order answers', async () => {
  const { clock, handle, requests, orderIds, mug, stock, told, expirations, unbalanced } =
    await expiredHolds(1);
  const orderId = orderIds[0]!;
  clock();
  await eventually(async () => expect(await expirations()).toHaveLength(1));
  expect(await told(orderId)).toMatchObject([
    { type: 'inventory.reserved', sequence: 1 },
    {
      type: 'inventory.expired',
      sequence: 2,
      orderid: orderId,
      correlationid: requests[0]!.correlationid,
      actor: 'system:inventory',
      data: { orderId },
    },
  ]);
  expect(await stock(mug)).toMatchObject([{ reserved: 1 }]);

  await handle([anEvent('order.cancelled', { orderId, reason: 'reservation_expired' })]);
  expect(await stock(mug)).toMatchObject([{ reserved: 0, onHand: 1 }]);
  expect((await told(orderId)).at(-1)).toMatchObject({ type: 'inventory.released', sequence: 3 });
  expect(await unbalanced()).toEqual([]);
});

test('several clocks announce every hold once', async () => {
  const { clock, expirations, orderIds, metric, scope } = await expiredHolds(250);
  const clocks = [clock(), clock(), clock()];
  await eventually(async () => expect(await expirations()).toHaveLength(250));
  await Promise.all(clocks.map((running) => running.stop())); // each finishes what it has in hand
  const announced = await expirations();
  expect(announced).toHaveLength(250);
  expect(new Set(announced.map((event) => event.subject))).toEqual(new Set(orderIds));
  expect(await metric('inventory_reservations_total')).toMatchObject({ expired: 250 });
  const logged = scope.lines.filter((line) => line.msg === 'reservations have expired; their orders decide');
  expect(logged.reduce((sum, line) => sum + Number(line.announced), 0)).toBe(250);
});

test('a paid hold never expires, one in its time not yet, and a payment after the announcement keeps the hold', async () => {
  const { clock, handle, orderIds, expirations, mug, stock } = await expiredHolds(2);
  const paid = (orderId: string) => anEvent('order.paid', { orderId, total: { amount: 1, currency: 'EUR' } });
  const [early, late] = orderIds as [string, string];
  await handle([paid(early)]);
  clock();
  await eventually(async () => expect((await expirations()).map((event) => event.subject)).toEqual([late]));
  await handle([paid(late)]);
  expect(await stock(mug)).toMatchObject([{ reserved: 2 }]);

  const inTime = await expiredHolds(1, { ttlMs: 60_000 });
  const expiry = inTime.clock();
  await expiry.stop(); // it has looked once
  expect(await inTime.expirations()).toEqual([]);
});

test('a hold does not expire while the clock of Postgres is ahead of ours', async () => {
  const { db, metrics } = await expiredHolds(1);
  const announce = () => db.transaction((tx) => announceExpired(tx, { metrics, limit: 10 }));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(await announce()).toBe(0);
  vi.useRealTimers();
  expect(await announce()).toBe(1);
});

test('a clock that cannot reach the reservations says so and goes on when it can', async () => {
  const { clock, db, scope, expirations } = await expiredHolds(1);
  await db.query('ALTER TABLE reservations RENAME TO away');
  clock();
  await eventually(() =>
    expect(scope.lines.some((line) => line.msg === 'cannot look for expired reservations now')).toBe(true),
  );
  await db.query('ALTER TABLE away RENAME TO reservations');
  await eventually(async () => expect(await expirations()).toHaveLength(1));
});
