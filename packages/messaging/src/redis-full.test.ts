import type { Event, ServiceName } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { smallRedis } from '@orderflow/testing/small-redis';
import { expect, onTestFinished, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { startConsumer } from './consumer.ts';
import { streamKey } from './stream.ts';

/** What consumers and relays send between a full Redis and one that is drained. */
const WAY_TO_RECOVERY = [
  'xinfo|groups',
  'xinfo|stream',
  'xinfo|consumers',
  'xreadgroup',
  'xpending',
  'xautoclaim',
  'xack',
  'xrange',
  'xlen',
  'xtrim',
  'xgroup|delconsumer',
  'eval',
  'info',
  'hgetall',
  'hget',
  'hdel',
  'getdel',
  'exists',
];

test('no command on the way from a full Redis to a drained one needs memory', async () => {
  const { redis } = await smallRedis();
  const infos = (await redis.call('COMMAND', 'INFO', ...WAY_TO_RECOVERY)) as [string, number, string[]][];
  expect(infos.filter(([, , flags]) => flags.includes('denyoom')).map(([name]) => name)).toEqual([]);
  expect(infos).toHaveLength(WAY_TO_RECOVERY.length);
  expect(infos).not.toContain(null);
});

test('a group that comes back while Redis is full reads, claims and acknowledges what waits for it', async () => {
  const { redis, url, fill } = await smallRedis();
  const { send, stream, start, effects, pending } = await consumerHarness({ redis, url, prefix: '' });
  const sent = [await send(), await send(), await send()];
  await redis.xgroup('CREATE', stream, 'payment', '0');
  await redis.xreadgroup('GROUP', 'payment', 'dead', 'COUNT', 1, 'STREAMS', stream, '>');
  await redis.xreadgroup('GROUP', 'payment', 'a', 'COUNT', 1, 'STREAMS', stream, '>');
  await fill();
  await expect(send()).rejects.toThrow('OOM');
  start({ handlerTimeoutMs: 100 });
  await eventually(async () => expect((await effects()).map(({ orderId }) => orderId)).toEqual(sent.sort()));
  await eventually(async () => expect(await pending()).toBe(0));
});

test('while Redis is too full to create a group on one stream, the group reads its other streams', async () => {
  const { redis, url, fill, limit } = await smallRedis();
  const { db } = await consumerHarness({ redis, url, prefix: '' });
  const handled: string[] = [];
  const handler = async (events: Event[]) => void handled.push(...events.map(({ type }) => type));
  const write = <T extends 'payment.captured' | 'inventory.expired'>(event: Event<T>) =>
    redis.xadd(
      streamKey(event.source as ServiceName, ''),
      '*',
      'type',
      event.type,
      'event',
      JSON.stringify(event),
    );
  await write(anEvent('inventory.expired', { orderId: newId() }));
  await write(anEvent('payment.captured', { ...aCharge(), providerReference: 'r' }));
  await redis.xgroup('CREATE', streamKey('payment'), 'order', '0');
  await fill();
  const consumer = startConsumer({
    group: 'order',
    handlers: { 'payment.captured': handler, 'inventory.expired': handler },
    ...{ db, redis, redisUrl: url, scope: testScope(), instance: 'a', blockMs: 100 },
  });
  onTestFinished(() => consumer.stop());
  await eventually(() => expect(handled).toEqual(['payment.captured']));
  await limit(0);
  await eventually(() => expect(handled).toEqual(['payment.captured', 'inventory.expired']));
});

const aCharge = () =>
  ({ orderId: newId(), paymentId: newId(), amount: { amount: 1, currency: 'EUR' } }) as const;
