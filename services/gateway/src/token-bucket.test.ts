import { clientAddress } from '@orderflow/service-kit/client-address';
import { silentLog } from '@orderflow/testing/scope';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testQuotas } from '../test/harness.ts';
import { createLocalQuotas } from './local-quotas.ts';
import { createSharedQuotas } from './shared-quotas.ts';
import { take } from './token-bucket.ts';

const quota = fc.record({ limit: fc.integer({ min: 1, max: 100_000 }), windowMs: fc.constant(60_000) });

test('in no stretch of time are more let through than the limit and what came back meanwhile', () => {
  fc.assert(
    fc.property(
      fc.record({ limit: fc.integer({ min: 1, max: 50 }), windowMs: fc.constant(1_000) }),
      fc.array(fc.nat(200), { maxLength: 200 }),
      ({ limit, windowMs }, pauses) => {
        let [now, fullAt] = [1e12, 0];
        const passed: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const taken = take(fullAt, now, { limit, windowMs });
          fullAt = taken.fullAt;
          if (taken.waitMs === 0) passed.push(now);
        }
        passed.forEach((since, from) => {
          passed.slice(from).forEach((until, count) => {
            expect(count + 1).toBeLessThanOrEqual(limit + ((until - since) * limit) / windowMs + 0.01);
          });
        });
      },
    ),
  );
});

test('exactly the limit passes at once, and who waits as told passes next', () => {
  fc.assert(
    fc.property(quota, ({ limit, windowMs }) => {
      const few = { limit: Math.min(limit, 500), windowMs };
      let fullAt = 0;
      for (let left = few.limit - 1; left >= 0; left--) {
        const taken = take(fullAt, 1_000_000, few);
        expect([taken.waitMs, taken.remaining]).toEqual([0, left]);
        fullAt = taken.fullAt;
      }
      const refused = take(fullAt, 1_000_000, few);
      expect(refused.waitMs).toBeCloseTo(windowMs / few.limit, 2);
      expect(take(refused.fullAt, 1_000_000 + refused.waitMs, few).waitMs).toBe(0);
    }),
  );
});

test('Redis counts as this process does', async () => {
  const { redis, prefix } = await testQuotas();
  const { take: takeShared } = createSharedQuotas({ redis, prefix, log: silentLog });
  for (const limit of [1, 3, 7, 59, 60, 1_000]) {
    const buckets = [{ key: `limit-${limit}`, quota: { limit, windowMs: 3_600_000 } }];
    for (let left = limit - 1; left >= Math.max(0, limit - 50); left--) {
      const taken = await takeShared(buckets);
      expect([taken?.waitMs, taken?.left[0]?.remaining]).toEqual([0, left]);
    }
    if (limit <= 50) expect((await takeShared(buckets))?.waitMs).toBeGreaterThan(0);
  }
});

test('of several buckets one that is empty refuses, and nothing is taken from the others', async () => {
  const { redis, prefix } = await testQuotas();
  const { take: takeShared } = createSharedQuotas({ redis, prefix, log: silentLog });
  const [small, large] = [
    { key: 'small', quota: { limit: 1, windowMs: 3_600_000 } },
    { key: 'large', quota: { limit: 10, windowMs: 3_600_000 } },
  ];
  await takeShared([small, large]);
  expect((await takeShared([large, small]))?.waitMs).toBeGreaterThan(3_500_000);
  expect((await takeShared([large]))?.left[0]?.remaining).toBe(8);
  expect(await redis.pttl(`${prefix}large`)).toBeGreaterThan(0);
});

test('the oldest of too many local buckets are forgotten', () => {
  const local = createLocalQuotas(() => 0);
  const bucket = (key: string) => [{ key, quota: { limit: 1, windowMs: 60_000 } }];
  expect([local.take(bucket('first')), local.take(bucket('first'))]).toEqual([0, 60_000]);
  for (let i = 0; i < 10_000; i++) local.take(bucket(`other ${i}`));
  expect(local.take(bucket('other 9999'))).toBe(60_000);
  expect(local.take(bucket('first'))).toBe(0);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['203.0.113.9:50123', '203.0.113.9'],
  ['[2001:db8:1:2::9]:50123', '2001:db8:1:2::/64'],
  [undefined, 'unknown'],
])('%s is the client %s', (ip, client) => {
  expect(clientAddress(ip)).toBe(client);
});
