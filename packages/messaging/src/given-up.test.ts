import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { expect, test } from 'vitest';
import { consumerHarness } from '../test/harness.ts';
import { noteEffects } from '../test/note-effects.ts';
import { bury, discard, listDeadLetters, redrive } from './dead-letters.ts';
import type { Subscriber } from './handlers.ts';

/** A consumer that fails until it is repaired, and an event that it has given up on. */
async function givenUp(handlersOf: (broken: () => boolean) => Subscriber = failing) {
  const harness = await consumerHarness();
  const { send, start, deadLetters } = harness;
  let broken = true;
  start({ handlers: handlersOf(() => broken) });
  const orderId = newId();
  const event = anEvent('order.cancelled', { orderId, reason: 'out_of_stock' });
  const sendAgain = () => send(undefined, { orderId, changes: { id: event.id } });
  await sendAgain();
  const [letter] = await eventually(async () => {
    const letters = await deadLetters();
    expect(letters).toHaveLength(1);
    return letters;
  });
  return { ...harness, orderId, id: event.id, letter: letter!, sendAgain, repair: () => (broken = false) };
}

const failing = (broken: () => boolean): Subscriber => ({
  'order.cancelled': async (events, tx) => {
    if (broken()) throw new Error('a bug');
    await noteEffects(events, tx);
  },
});

/** Loses the stream, which brings everything in it again, and another event after it. */
async function replay({ redis, stream, send, effects, sendAgain }: Awaited<ReturnType<typeof givenUp>>) {
  await redis.del(stream);
  await sendAgain();
  const later = await send();
  await eventually(async () => expect((await effects()).map(({ orderId }) => orderId)).toContain(later));
  return later;
}

test('a discarded event has no effect when a lost stream is published again', async () => {
  const given = await givenUp();
  const { db, letter, repair, effects, deadLetters, pending } = given;
  await discard(db, { ids: [letter.id], reason: 'not wanted', by: 'admin:1' });
  repair();
  const later = await replay(given);
  await eventually(async () => expect(await pending()).toBe(0));
  expect((await effects()).map(({ orderId }) => orderId)).toEqual([later]);
  expect(await deadLetters()).toEqual([]);
  expect(await listDeadLetters(db, { state: 'discarded' })).toMatchObject([{ id: letter.id }]);
});

test('an event among the dead letters is passed over by a replay, and handled once when it is redriven', async () => {
  const given = await givenUp();
  const { db, orderId, letter, repair, effects, deadLetters, sendAgain } = given;
  repair();
  const later = await replay(given);
  expect(await deadLetters()).toMatchObject([{ id: letter.id }]);
  expect(await redrive(db, letter.id)).toBe(true);
  await eventually(async () => expect(await effects()).toHaveLength(2));
  await sendAgain();
  const last = await replay(given);
  expect((await effects()).map((effect) => effect.orderId).sort()).toEqual([orderId, later, last].sort());
});

test('what a keeper has given up on is passed over by a replay, and kept when it is redriven', async () => {
  const given = await givenUp((broken) => ({
    keepAll: async (events, tx) => {
      if (broken()) throw new Error('a bug');
      for (const { data } of events) {
        const { orderId } = data as { orderId: string };
        await tx.query('INSERT INTO effects (order_id) VALUES ($1)', [orderId]);
      }
      return events.length;
    },
  }));
  const { db, orderId, letter, repair, effects } = given;
  repair();
  await replay(given);
  expect((await effects()).map((effect) => effect.orderId)).not.toContain(orderId);
  expect(await redrive(db, letter.id)).toBe(true);
  await eventually(async () => expect((await effects()).map((effect) => effect.orderId)).toContain(orderId));
});

test.each([
  ['has an id', JSON.stringify({ id: '0198c3a4-6f00-7c31-9d5a-5b1f8f6f2a10', type: 'order.cancelled' })],
  ['is not even JSON', '{"half":'],
])('an unreadable event that %s is one dead letter however often it comes', async (_what, body) => {
  const { db, redis, stream, sendRaw, send, start, effects, deadLetters } = await consumerHarness();
  start();
  await sendRaw(body);
  await sendRaw(body);
  await eventually(async () => expect(await deadLetters()).toHaveLength(1));
  const [letter] = await deadLetters();
  await redis.del(stream);
  await sendRaw(body);
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(1));
  expect(await deadLetters()).toEqual([letter]);
  await discard(db, { ids: [letter!.id], reason: 'not wanted', by: 'admin:1' });
  await sendRaw(body);
  await send();
  await eventually(async () => expect(await effects()).toHaveLength(2));
  expect(await deadLetters()).toEqual([]);
});

test('an event that was handled is not given up on, and redriving cannot double its effect', async () => {
  const { db, send, start, effects, deadLetters } = await consumerHarness();
  start();
  const event = anEvent('order.cancelled', { orderId: newId(), reason: 'out_of_stock' });
  await send(undefined, { changes: { id: event.id } });
  await eventually(async () => expect(await effects()).toHaveLength(1));
  const custody = {
    group: 'payment',
    key: event.id,
    stream: 's',
    entryId: '1-0',
    body: JSON.stringify(event),
  };
  expect(await bury(db, custody, { reason: 'killed_consumer', error: 'x', attempts: 3 })).toBe(false);
  expect(await deadLetters()).toEqual([]);
});

/** The statement of the release before, which knows nothing of the inbox. */
const OLD_REDRIVE = `
  WITH dead AS (DELETE FROM messaging.dead_letter RETURNING *)
  INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body)
  SELECT consumer_group, key, stream, entry_id, body FROM dead`;

test('a letter that a replica of the release before redrives is handled', async () => {
  const { db, orderId, repair, effects } = await givenUp();
  repair();
  await db.query(OLD_REDRIVE);
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
});

test('a letter that a replica of the release before has written is handled once when it is redriven', async () => {
  const given = await givenUp();
  const { db, id, orderId, letter, effects, repair, sendAgain } = given;
  // As it would have left it: it is not in the inbox, and so the event is tried again by a replay.
  await db.query('UPDATE messaging.dead_letter SET event_id = NULL');
  await db.query('DELETE FROM messaging.inbox WHERE event_id = $1', [id]);
  await sendAgain();
  await eventually(async () =>
    expect(await db.query('SELECT FROM messaging.dead_letter WHERE event_id = $1', [id])).toHaveLength(1),
  );
  repair();
  await redrive(db, letter.id);
  await eventually(async () => expect(await effects()).toEqual([{ orderId, attempt: 1 }]));
});
