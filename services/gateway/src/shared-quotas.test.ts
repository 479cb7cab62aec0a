import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { expect, onTestFinished, test } from 'vitest';
import { openQuotaRedis } from './shared-quotas.ts';

test('a connection to Redis that falls silent is replaced, and requests are counted again', async () => {
  const { url } = testRedis();
  const relay = await testRelay(targetOf(url));
  const redis = openQuotaRedis(throughRelay(url, relay), { patienceMs: 500 });
  onTestFinished(() => redis.disconnect());
  await eventually(async () => expect(await redis.ping()).toBe('PONG'));
  expect(relay.fallSilent()).toBe(1);
  await expect(redis.ping()).rejects.toThrow('timed out');
  await eventually(async () => expect(await redis.ping()).toBe('PONG'));
});
