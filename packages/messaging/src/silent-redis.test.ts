import { testRedis } from '@orderflow/testing/redis';
import { targetOf, testRelay, throughRelay } from '@orderflow/testing/relay';
import { expect, test } from 'vitest';
import { wayThroughRedis } from '../test/way-through-redis.ts';

test('connections to Redis that fall silent are left for new ones, by the relay and by the consumer', async () => {
  const { url, prefix } = testRedis();
  const tcp = await testRelay(targetOf(url));
  const way = await wayThroughRedis({ url: throughRelay(url, tcp), prefix });
  await way.send();
  for (let times = 0; times < 2; times++) {
    expect(tcp.fallSilent()).toBeGreaterThanOrEqual(3);
    await way.send();
  }
  expect(await way.effects()).toBe(3);
});

test('a command that meets a silent connection is sent again over a new one, and nobody waits longer than its limit', async () => {
  const { url, prefix } = testRedis();
  const tcp = await testRelay(targetOf(url));
  const { open } = await wayThroughRedis({ url: throughRelay(url, tcp), prefix });
  const redis = open('test');
  await redis.ping();
  tcp.fallSilent();
  expect(await redis.ping()).toBe('PONG');
});
