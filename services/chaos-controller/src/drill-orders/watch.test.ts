import { createClient } from '@orderflow/client/client';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { aDrillOrder } from '../../test/drill-samples.ts';
import { aShop } from '../../test/fake-shop.ts';
import type { DrillOrder } from './drill-order.ts';
import { watchOrders } from './watch.ts';

test('orders that never end hide nobody: all are looked at in turn', async () => {
  const shop = await aShop();
  const customer = { name: 'Drill', email: 'drill@drills.orderflow.invalid' };
  const placed = (n: number, end: 'PAID' | undefined) => {
    shop.end = end;
    return aDrillOrder({ n, orderId: shop.place(`k-${n}`, customer).id, status: null, endedAt: null });
  };
  const stuck = Array.from({ length: 60 }, (_, n) => placed(n, undefined));
  const later = Array.from({ length: 10 }, (_, n) => placed(100 + n, 'PAID'));
  const all = [...stuck, ...later];
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const note = (order: DrillOrder, changes: Partial<DrillOrder>) => void Object.assign(order, changes);
  const client = createClient({ baseUrl: shop.url });
  const watching = watchOrders({ client, book: { all: () => all, note }, signal: ending.signal });
  await eventually(() => expect(all.filter(({ status }) => status === null)).toEqual([]));
  expect(later.every(({ endedAt }) => endedAt !== null)).toBe(true);
  expect(stuck.map(({ status, endedAt }) => [status, endedAt])).toEqual(stuck.map(() => ['CONFIRMED', null]));
  ending.abort();
  await watching;
});
