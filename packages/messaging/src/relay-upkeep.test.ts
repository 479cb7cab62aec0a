import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { ids, outboxWithRelay } from '../test/outbox-with-relay.ts';

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
  await db.query("UPDATE messaging.relay SET holder = 'b', lease_until = now() + interval '30 s'");
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

test('a stream is published again however much of it there was, in statements that end in time', async () => {
  const { db, redis, stream, start, write, unpublished } = await outboxWithRelay(undefined, {
    timeoutMs: 2_500,
  });
  start('a', { upkeepMs: 100 });
  await write(ids(1));
  await eventually(async () => expect(await unpublished()).toBe(0));
  await db.query(`
    INSERT INTO messaging.outbox (event_id, type, subject, envelope, published_at)
    SELECT gen_random_uuid(), 'order.fulfilled', 's', '{}', now() FROM generate_series(1, 12500)`);
  // So slow that all rows in one statement take longer than the 2.5 s that a statement may.
  await db.query(`
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.012); RETURN NEW; END $$`);
  await db.query(`CREATE TRIGGER slow BEFORE UPDATE ON messaging.outbox FOR EACH ROW
    WHEN (NEW.published_at IS NULL AND NEW.position % 50 = 0) EXECUTE FUNCTION slow()`);
  await redis.del(stream);
  await eventually(
    async () => expect(await db.query('SELECT replays FROM messaging.relay')).toEqual([{ replays: 1 }]),
    { timeoutMs: 25_000 },
  );
}, 60_000);

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

test('a stream is trimmed below what every group acknowledged, one that was never started among them', async () => {
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
  for (const group of groups) await acknowledgeAll(group);
  const safe = "SELECT safe_position, safe_at > '-infinity' AS dated FROM messaging.relay";
  await eventually(async () => expect(await db.query(safe)).toEqual([{ safe_position: 302, dated: true }]));

  async function acknowledgeAll(group: string) {
    await eventually(() => redis.xpending(stream, group)); // the relay creates it
    const reply = (await redis.xreadgroup('GROUP', group, 'c', 'COUNT', 1000, 'STREAMS', stream, '>')) as [
      string,
      [string, string[]][],
    ][];
    await redis.xack(stream, group, ...reply[0]![1].map(([id]) => id));
  }
});
