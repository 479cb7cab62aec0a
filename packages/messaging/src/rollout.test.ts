import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { rollout } from '../test/rollout.ts';
import { createPassingOver } from './passed-over.ts';

test('a type that a new version is the first to want reaches it once, though an old one has passed over it', async () => {
  const { write, startOld, startNew, seen, unacknowledged } = await rollout();
  startOld();
  const before = await write('order.fulfilled', 3);
  await eventually(async () => expect(await unacknowledged()).toBe(0)); // the old version has passed over them
  startNew();
  const beside = await write('order.fulfilled', 20);
  await eventually(() => expect(new Set(seen())).toEqual(new Set([...before, ...beside])), {
    timeoutMs: 20_000,
  });
  await eventually(async () => expect(await unacknowledged()).toBe(0));
  expect(seen()).toHaveLength(23);
});

test('what an old version passes over while a new one is away waits for the next new one', async () => {
  const { write, startOld, startNew, seen, unacknowledged, openTypes } = await rollout();
  const first = startNew();
  const before = await write('order.fulfilled', 1);
  await eventually(() => expect(seen()).toEqual(before));
  await eventually(async () => expect(await openTypes()).toBe(0));
  await first.stop();
  startOld(); // rolled back
  const meanwhile = await write('order.fulfilled', 5);
  await eventually(async () => expect(await openTypes()).toBe(1));
  await eventually(async () => expect(await unacknowledged()).toBe(0));
  expect(seen()).toEqual(before);
  startNew();
  await eventually(() => expect(new Set(seen())).toEqual(new Set([...before, ...meanwhile])));
  expect(seen()).toHaveLength(6);
});

test('an event that a new version has in custody is not thrown away by the retries of an old one', async () => {
  const { db, write, startOld, startNew, seen, failNext } = await rollout();
  startOld();
  failNext(2);
  startNew();
  const [orderId] = await write('order.fulfilled', 1);
  await eventually(() => expect(seen()).toEqual([orderId]), { timeoutMs: 20_000 });
  await eventually(async () => expect(await db.query('SELECT 1 FROM messaging.retry')).toEqual([]));
});

test('a new group gets what the outboxes have, and one that was there before the table reads nothing twice', async () => {
  const { db, write, startNew, seen, openTypes, redis, stream } = await rollout();
  const orders = await write('order.fulfilled', 4);
  await eventually(async () => expect(await redis.xlen(stream)).toBe(4));
  await redis.del(stream); // as trimmed by producers that did not know the group
  await db.query("INSERT INTO messaging.inbox (consumer_group, event_id) VALUES ('order', $1)", [newId()]);
  const first = startNew();
  await eventually(() => expect(new Set(seen())).toEqual(new Set(orders)));
  await first.stop();
  await db.query('DELETE FROM messaging.catch_up');
  startNew();
  await eventually(async () => expect(await db.query('SELECT 1 FROM messaging.catch_up')).toHaveLength(2));
  expect(await openTypes()).toBe(0);
  expect(seen()).toHaveLength(4);
});

test('a replica goes by what it has read of the wants of its group for no longer than it may', async () => {
  const { db } = await rollout();
  const passingOver = createPassingOver({ db, group: 'notification', knownMs: 200 });
  const event = { producer: 'order', type: 'order.fulfilled', position: 7 };
  expect(await passingOver.isWanted(event)).toBe(false);
  await db.query(`INSERT INTO messaging.catch_up (consumer_group, producer, type, done)
    VALUES ('notification', 'order', 'order.fulfilled', true)`);
  await eventually(async () => expect(await passingOver.isWanted(event)).toBe(true));
  await passingOver.note([event, { ...event, position: 5 }, { ...event, type: 'order.unheard-of' }]);
  expect(await db.query('SELECT type, done, after_position AS after FROM messaging.catch_up')).toEqual([
    { type: 'order.fulfilled', done: false, after: 4 },
  ]);
  onTestFinished(() => {});
});
