import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test, vi } from 'vitest';
import { ids, outboxWithRelay } from '../test/outbox-with-relay.ts';
import { appendToOutbox } from './outbox.ts';

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
  const { start, write, writeLate, published } = await outboxWithRelay();
  const [late, early] = ids(2);
  const commitLate = await writeLate(late!);
  await write([early!]);
  start('a');
  await eventually(async () => expect((await published()).map((event) => event.subject)).toEqual([early]));
  await commitLate();
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
