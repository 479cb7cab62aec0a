import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { fillingRedis } from '../test/filling-redis.ts';

test('relays hold back while a group is away and Redis fills up, and nothing is lost when it comes back', async () => {
  const { write, drain, startPayment, handledByPayment, share, relayMetric, unpublished } =
    await fillingRedis();
  drain(['inventory', 'notification', 'customer', 'auditor']);
  const orders = await write(4_000);
  await eventually(async () => expect(await relayMetric('messaging_relay_held_back')).toBe(1));
  // What groups are just being sent counts too, for a moment.
  await eventually(async () => expect(await share()).toBeLessThan(1));
  expect(await relayMetric('messaging_groups_cut_loose_total')).toBe(0);
  startPayment();
  await eventually(async () => expect(await unpublished()).toBe(0), { timeoutMs: 30_000 });
  await eventually(async () => expect(await handledByPayment()).toEqual(orders), { timeoutMs: 30_000 });
  await eventually(async () => expect(await relayMetric('messaging_relay_held_back')).toBe(0));
});

test('a background group that is away is cut loose, the others go on, and back again it has every event', async () => {
  const { db, write, drain, startAuditor, keptByAuditor, share, relayMetric, unpublished, openRows } =
    await fillingRedis();
  drain(['inventory', 'payment', 'notification', 'customer']);
  const auditor = startAuditor();
  const orders = await write(100);
  await eventually(async () => expect(await keptByAuditor()).toEqual(orders));
  await eventually(async () => expect(await openRows()).toEqual([]));
  await auditor.stop();
  for (let i = 0; i < 5; i++) {
    orders.push(...(await write(1_000)));
    await eventually(async () => expect(await unpublished()).toBe(0), { timeoutMs: 30_000 });
    await eventually(async () => expect(await share()).toBeLessThan(1));
  }
  expect(await relayMetric('messaging_groups_cut_loose_total')).toBeGreaterThan(0);
  startAuditor();
  await eventually(async () => expect(await keptByAuditor()).toEqual(orders.sort()), { timeoutMs: 30_000 });
  await eventually(async () => expect(await openRows()).toEqual([]), { timeoutMs: 30_000 });
  expect(await db.query('SELECT 1 FROM messaging.cut_loose')).toEqual([]);
  // What it reads from now on it reads from the stream alone.
  const [later] = await write(1);
  await eventually(async () => expect(await keptByAuditor()).toContain(later));
});
