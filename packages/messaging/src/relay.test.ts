import { newId } from '@orderflow/contracts/ids';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test, vi } from 'vitest';
import { messagingMigrations } from './migrations.ts';
import { appendToOutbox } from './outbox.ts';
import { startRelay } from './relay.ts';
import { fieldOf, streamKey } from './stream.ts';

async function outboxWithRelay() {
  const db = await testDatabase([messagingMigrations]);
  const { redis, prefix } = testRedis();
  const scope = testScope();
  const stream = streamKey('order', prefix);
  const start = (instance: string, options: Partial<Parameters<typeof startRelay>[0]> = {}) => {
    const own = { ...scope, metrics: testScope().metrics };
    const relay = startRelay({ service: 'order', db, redis, scope: own, instance, prefix, ...options });
    onTestFinished(() => relay.stop());
    return relay;
  };
  const write = (orderIds: string[], sequence = 1) =>
    db.transaction(async (tx) =>
      appendToOutbox(
        tx,
        orderIds.map((orderId) => ({
          type: 'order.fulfilled',
          subject: orderId,
          sequence,
          orderId,
          data: { orderId },
          cause: { correlationId: 'c', actor: 'test' },
        })),
      ),
    );
  const published = async () =>
    ((await redis.xrange(stream, '-', '+')) as [string, string[]][]).map(([, fields]) =>
      JSON.parse(fieldOf(fields, 'event')!),
    );
  const unpublished = async () =>
    (
      await db.query<{ rows: number }>(
        'SELECT count(*) AS rows FROM messaging.outbox WHERE published_at IS NULL',
      )
    )[0]!.rows;
  return { db, redis, prefix, scope, stream, start, write, published, unpublished };
}

const ids = (n: number) => Array.from({ length: n }, newId);

test('what a transaction appends reaches the stream in order and is marked as published', async () => {
  const { start, write, published, unpublished } = await outboxWithRelay();
  start('a');
  const orders = ids(3);
  await write(orders);
  await eventually(async () => expect(await unpublished()).toBe(0));
  expect((await published()).map((event) => event.subject)).toEqual(orders);
});

test('an event whose transaction is rolled back is never published', async () => {
  const { db, start, published, write, unpublished } = await outboxWithRelay();
  start('a');
  const failing = db.transaction(async (tx) => {
    appendToOutbox(tx, [
      {
        type: 'order.fulfilled',
        subject: 's',
        sequence: 1,
        data: { orderId: newId() },
        cause: { correlationId: 'c', actor: 'a' },
      },
    ]);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  const [order] = ids(1);
  await write([order!]);
  await eventually(async () => expect(await published()).toHaveLength(1));
  await eventually(async () => expect(await unpublished()).toBe(0));
});

test('a relay that is stopped before it has marked what it published marks it, more than one batch of it', async () => {
  const { start, write, published, unpublished } = await outboxWithRelay();
  const relay = start('a', { batchSize: 2, lingerMs: 1_000 });
  await write(ids(1));
  await eventually(async () => expect(await published()).toHaveLength(1));
  expect(await unpublished()).toBe(1); // it rests now
  await write(ids(5));
  await relay.stop();
  expect(await unpublished()).toBe(0);
  expect(await published()).toHaveLength(6);
});

test('a position that commits late is published all the same', async () => {
  const { db, start, write, published } = await outboxWithRelay();
  const [late, early] = ids(2);
  let commitLate = () => {};
  const held = new Promise<void>((resolve) => {
    commitLate = resolve;
  });
  let written = () => {};
  const isWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const lateWrite = db.transaction(async (tx) => {
    appendToOutbox(tx, [
      {
        type: 'order.fulfilled',
        subject: late!,
        sequence: 1,
        data: { orderId: late! },
        cause: { correlationId: 'c', actor: 'a' },
      },
    ]);
    written();
    await held;
  });
  await isWritten;
  await write([early!]);
  start('a');
  await eventually(async () => expect((await published()).map((event) => event.subject)).toEqual([early]));
  commitLate();
  await lateWrite;
  await eventually(async () =>
    expect((await published()).map((event) => event.subject)).toEqual([early, late]),
  );
});

test('of two relays one publishes, and the other takes over when its lease runs out', async () => {
  const { db, start, write, published, scope } = await outboxWithRelay();
  start('a', { leaseMs: 400 });
  await eventually(() =>
    expect(scope.lines.some((line) => line.msg === 'this replica publishes the outbox')).toBe(true),
  );
  start('b', { leaseMs: 400 });
  await write(ids(20));
  await eventually(async () => expect(await published()).toHaveLength(20));
  const [row] = await db.query<{ holder: string }>('SELECT holder FROM messaging.relay');
  expect(row!.holder).toBe('a');
  // As if "a" were frozen: somebody else's lease, long expired.
  await db.query("UPDATE messaging.relay SET holder = 'gone', lease_until = now() - interval '1 s'");
  await write(ids(5));
  // For a moment "a" still takes itself for the holder, and both may publish the same.
  const subjects = async () => new Set((await published()).map((event) => event.subject));
  await eventually(async () => expect((await subjects()).size).toBe(25));
});

test('a relay goes on soon after another has given its lease back, however long that was', async () => {
  const { db, start, write, published, unpublished } = await outboxWithRelay();
  const holder = start('a', { leaseMs: 60_000 });
  await write(ids(1));
  await eventually(async () => expect(await unpublished()).toBe(0));
  // Of another process: the commits of this one do not wake it.
  const elsewhere = { ...db, query: vi.fn(db.query) as typeof db.query, onSignal: () => () => undefined };
  start('b', { leaseMs: 60_000, db: elsewhere });
  const asked = expect.arrayContaining(['b']);
  await eventually(() => expect(elsewhere.query).toHaveBeenCalledWith(expect.anything(), asked));
  await holder.stop();
  await write(ids(1));
  await eventually(async () => expect(await published()).toHaveLength(2));
});

test('a relay that has lost its lease marks nothing as published, and publishes when it has it again', async () => {
  const { db, start, write, published, unpublished } = await outboxWithRelay();
  start('a', { lingerMs: 300, leaseMs: 2_000 });
  const [first, second] = ids(2);
  await write([first!]);
  await eventually(async () => expect(await published()).toHaveLength(1));
  // While it rests, before it has marked: another has the lease, and may find that Redis has lost the event.
  await db.query("UPDATE messaging.relay SET holder = 'b', lease_until = now() + interval '1 s'");
  await write([second!]);
  await eventually(async () => expect(await unpublished()).toBe(0));
  expect((await published()).map((event) => event.subject)).toEqual([first, first, second]);
});

test('what is lost from the stream before it is marked is published again', async () => {
  const { redis, stream, start, write, published, unpublished } = await outboxWithRelay();
  start('a', { lingerMs: 300, upkeepMs: 0 }); // looks after the stream before each publication
  await write(ids(1));
  await eventually(async () => expect(await published()).toHaveLength(1));
  expect(await unpublished()).toBe(1);
  await redis.del(stream);
  await eventually(async () => expect(await unpublished()).toBe(0));
  expect(await published()).toHaveLength(1);
});

test('a stream that was flushed is published again from the safe point, and so is what is new', async () => {
  const { redis, start, write, published, stream, scope, db } = await outboxWithRelay();
  start('a', { upkeepMs: 100 });
  await write(ids(10));
  await eventually(async () => expect(await published()).toHaveLength(10));
  await redis.del(stream);
  await write(ids(1));
  await eventually(async () => expect(await published()).toHaveLength(11));
  expect(scope.lines.some((line) => line.msg === 'the stream has lost entries; publishing again')).toBe(true);
  const [row] = await db.query<{ replays: number }>('SELECT replays FROM messaging.relay');
  expect(row!.replays).toBe(1);
});

test('a relay that has lost its lease replays nothing, and leaves a lost stream to the holder', async () => {
  const { db, redis, start, write, published, unpublished, stream, scope } = await outboxWithRelay();
  start('a', { upkeepMs: 100, leaseMs: 20_000 });
  await write(ids(1));
  await eventually(async () => expect(await unpublished()).toBe(0));
  // As if "a" had been frozen past its lease, and thawed in the middle of a round.
  await db.query("UPDATE messaging.relay SET holder = 'b', lease_until = now() + interval '1 h'");
  await redis.del(stream);
  const leftToTheHolder = 'the stream has lost entries; left to the replica that holds the lease';
  await eventually(() => expect(scope.lines.some((line) => line.msg === leftToTheHolder)).toBe(true));
  expect(await unpublished()).toBe(0);
  expect(await db.query('SELECT holder, replays FROM messaging.relay')).toEqual([
    { holder: 'b', replays: 0 },
  ]);
  await db.query("UPDATE messaging.relay SET lease_until = now() - interval '1 s'"); // "b" died
  await eventually(async () => expect(await published()).toHaveLength(1));
  expect(await db.query('SELECT holder, replays FROM messaging.relay')).toEqual([
    { holder: 'a', replays: 1 },
  ]);
});

test('an idle stream that lost its last entries is noticed without anything new to publish', async () => {
  const { redis, start, write, published, stream } = await outboxWithRelay();
  start('a', { upkeepMs: 100 });
  await write(ids(4));
  await eventually(async () => expect(await published()).toHaveLength(4));
  const entries = (await redis.xrange(stream, '-', '+')) as [string, string[]][];
  await redis.del(stream);
  // A failover to a replica that lagged: the first two entries are there, with their ids.
  for (const [id, fields] of entries.slice(0, 2)) await redis.xadd(stream, id, ...fields);
  await eventually(async () => {
    const subjects = new Set((await published()).map((event) => event.subject));
    expect(subjects.size).toBe(4);
  });
});

test('a loss is noticed when a relay that knew less has appended to what was left', async () => {
  const { redis, start, write, published, unpublished, stream } = await outboxWithRelay();
  start('a', { upkeepMs: 100 });
  await write(ids(4));
  await eventually(async () => expect(await unpublished()).toBe(0));
  const entries = (await redis.xrange(stream, '-', '+')) as [string, string[]][];
  const twoLost = redis.multi().del(stream);
  for (const [id, fields] of entries.slice(0, 2)) twoLost.xadd(stream, id, ...fields);
  await twoLost.xadd(stream, '*', ...entries[1]![1]).exec();
  await eventually(async () => {
    const subjects = new Set((await published()).map((event) => event.subject));
    expect(subjects.size).toBe(4);
  });
});

test('a stream is trimmed below what every group acknowledged, and never while a group is missing', async () => {
  const { redis, start, write, published, stream, db } = await outboxWithRelay();
  start('a', { upkeepMs: 0 }); // upkeep before every publication
  await write(ids(300));
  await eventually(async () => expect(await published()).toHaveLength(300));
  const groups = ['inventory', 'payment', 'notification', 'customer'];
  for (const group of groups) await acknowledgeAll(group);
  await write(ids(1));
  await eventually(async () => expect(await published()).toHaveLength(301));
  expect(await redis.xlen(stream)).toBe(301);
  await acknowledgeAll('auditor');
  await eventually(async () => expect(await redis.xlen(stream)).toBeLessThan(301));
  const [row] = await db.query<{ safe: boolean }>(
    "SELECT safe_at > '-infinity' AS safe FROM messaging.relay",
  );
  expect(row!.safe).toBe(true);

  async function acknowledgeAll(group: string) {
    await redis.xgroup('CREATE', stream, group, '0');
    const reply = (await redis.xreadgroup('GROUP', group, 'c', 'COUNT', 1000, 'STREAMS', stream, '>')) as [
      string,
      [string, string[]][],
    ][];
    await redis.xack(stream, group, ...reply[0]![1].map(([id]) => id));
  }
});
