import { testRedis } from '@orderflow/testing/redis';
import { expect, test } from 'vitest';
import { forgetGoneConsumers } from './forget-gone-consumers.ts';
import { streamKey } from './stream.ts';

const gone = { group: 'payment', instance: 'a', idleMs: -1 } as const;

async function aGroup() {
  const { redis, prefix } = testRedis();
  const stream = streamKey('order', prefix);
  await redis.xgroup('CREATE', stream, 'payment', '0', 'MKSTREAM');
  const other = redis.duplicate();
  await other.ping();
  return {
    redis,
    other,
    stream,
    read: (consumer: string) =>
      other.xreadgroup('GROUP', 'payment', consumer, 'COUNT', 1, 'STREAMS', stream, '>'),
    consumers: async () =>
      ((await redis.xinfo('CONSUMERS', stream, 'payment')) as string[][]).map((info) => info[1]),
  };
}

test('a consumer that holds nothing is forgotten; one that holds an entry, and the one that looks, are not', async () => {
  const { redis, other, stream, read, consumers } = await aGroup();
  await redis.xadd(stream, '*', 'event', '{}');
  for (const consumer of ['a', 'holds', 'idle'])
    await redis.xgroup('CREATECONSUMER', stream, 'payment', consumer);
  await read('holds');
  await forgetGoneConsumers(redis, stream, { ...gone, idleMs: 60_000 });
  expect(await consumers()).toEqual(['a', 'holds', 'idle']);
  await forgetGoneConsumers(redis, stream, gone);
  expect(await consumers()).toEqual(['a', 'holds']);
  other.disconnect();
});

test('what a consumer reads while it is being forgotten stays pending', async () => {
  const { redis, other, stream, read } = await aGroup();
  for (let n = 1; n <= 300; n++) {
    await redis.xadd(stream, '*', 'event', String(n));
    await redis.xgroup('CREATECONSUMER', stream, 'payment', 'thawed');
    await Promise.all([forgetGoneConsumers(redis, stream, gone), read('thawed')]);
    const [pending] = (await redis.xpending(stream, 'payment')) as [number];
    expect(pending).toBe(1);
    const [[id]] = (await redis.xpending(stream, 'payment', '-', '+', 1)) as [[string]];
    await redis.xack(stream, 'payment', id);
  }
  other.disconnect();
});
