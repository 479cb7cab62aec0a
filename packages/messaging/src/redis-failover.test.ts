import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { testRelay, throughRelay } from '@orderflow/testing/relay';
import { expect, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { startClusterNode, startSentinel } from '../test/redis-by-config.ts';
import { follow, promote, redisPair } from '../test/redis-pair.ts';
import { wayThroughRedis } from '../test/way-through-redis.ts';

test('when the primary becomes a replica and stays reachable, relay and consumer go over to the new primary', async () => {
  const { primary, replica } = await redisPair();
  const tcp = await testRelay({ host: '127.0.0.1', port: primary.port });
  const way = await wayThroughRedis({ url: throughRelay(primary.url, tcp) });
  await way.send();
  await promote(replica);
  await follow(primary, replica);
  // The address still leads to the replica for a while: nothing is lost meanwhile, and nothing is asked without a pause.
  await expect(way.send(1_500)).rejects.toThrow();
  const reconnects = Number(/total_connections_received:(\d+)/.exec(await primary.admin.info('stats'))?.[1]);
  expect(reconnects).toBeLessThan(100);
  tcp.leadTo({ host: '127.0.0.1', port: replica.port });
  await way.send();
  expect(await way.effects()).toBe(3);
});

test('with Sentinels the new primary is found by their word, and the old one may live on as a replica', async () => {
  const { primary, replica, password } = await redisPair();
  const sentinel = await startSentinel({ primary, password });
  const way = await wayThroughRedis({
    url: `redis://:${password}@orders?sentinels=127.0.0.1:${sentinel.port}`,
  });
  await way.send();
  const replicasKnown = async () =>
    (await sentinel.admin.call('SENTINEL', 'REPLICAS', 'orders')) as unknown[];
  await eventually(async () => expect(await replicasKnown()).toHaveLength(1), { timeoutMs: 25_000 });
  // Refused until the replica has been heard of lately.
  await eventually(() => sentinel.admin.call('SENTINEL', 'FAILOVER', 'orders'), { everyMs: 200 });
  await eventually(async () => expect(await replica.admin.role()).toContain('master'));
  await eventually(async () => expect(await primary.admin.role()).toContain('slave'), { timeoutMs: 20_000 });
  await way.send();
  expect(await way.effects()).toBe(2);
}, 60_000);

test('a Redis Cluster is refused: the process ends with a configuration error and says what to use', async () => {
  const url = await startClusterNode();
  const { spawn } = await consumerHarness({ ...testRedis(), url });
  const { child, exited } = spawn('a');
  let log = '';
  child.stdout?.on('data', (chunk) => {
    log += chunk;
  });
  await exited;
  expect(child.exitCode).toBe(78);
  expect(log).toContain('Redis Cluster, which is not supported');
});
