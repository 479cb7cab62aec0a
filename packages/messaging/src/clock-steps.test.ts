import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { ids, outboxWithRelay } from '../test/outbox-with-relay.ts';
import { takeCustody } from './retries.ts';

// Each test writes what is left when the clock of Postgres was an hour ahead for some seconds.

test('a lease that ends an hour from now is taken', async () => {
  const { db, stream, start, write, published } = await outboxWithRelay();
  await db.query(
    "INSERT INTO messaging.relay (stream, holder, lease_until) VALUES ($1, 'gone', now() + interval '1 h')",
    [stream],
  );
  start('a');
  await write(ids(3));
  await eventually(async () => expect(await published()).toHaveLength(3));
});

test('an event whose next attempt is an hour from now is tried again', async () => {
  const { db, send, start, effects } = await consumerHarness();
  const event = anEvent('order.cancelled', { orderId: newId(), reason: 'out_of_stock' });
  const custody = {
    group: 'payment',
    key: event.id,
    stream: 's',
    entryId: '1-0',
    body: JSON.stringify(event),
  };
  await takeCustody(db, [custody]);
  await db.query("UPDATE messaging.retry SET next_attempt_at = now() + interval '1 h'");
  start();
  await eventually(async () => expect(await effects()).toHaveLength(1));
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(2));
});

test('a stream that is lost after the clock was ahead is published again in full', async () => {
  const { db, redis, stream, start, write, published, unpublished } = await outboxWithRelay();
  start('a', { upkeepMs: 100 });
  const orders = ids(5);
  await write(orders);
  await eventually(async () => expect(await unpublished()).toBe(0));
  await db.query("UPDATE messaging.relay SET safe_at = now() + interval '1 h'");
  await redis.del(stream);
  await eventually(async () => expect((await published()).map(({ subject }) => subject)).toEqual(orders));
});

test('events that were published while the clock was ahead, and those after, are published again', async () => {
  const { db, redis, stream, start, write, published, unpublished } = await outboxWithRelay();
  start('a', { upkeepMs: 100 });
  const orders = ids(6);
  await write(orders.slice(0, 3));
  await eventually(async () => expect(await unpublished()).toBe(0));
  await db.query("UPDATE messaging.outbox SET published_at = now() + interval '1 h'");
  await write(orders.slice(3));
  await eventually(async () => expect(await unpublished()).toBe(0));
  await redis.del(stream);
  await eventually(async () => expect((await published()).map(({ subject }) => subject)).toEqual(orders));
});
