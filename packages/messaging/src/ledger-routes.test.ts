import { createServer } from 'node:net';
import { type Group, streamsOf } from '@orderflow/contracts/groups';
import { newId } from '@orderflow/contracts/ids';
import { backlogView, eventEntry } from '@orderflow/contracts/ledgers';
import { createHttpApp } from '@orderflow/service-kit/http-app';
import { createCommandClient } from '@orderflow/service-kit/redis';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { testRedis } from '@orderflow/testing/redis';
import { silentLog, testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import type { Redis } from 'ioredis';
import request from 'supertest';
import { v7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import { mountMessagingLedgers } from './ledger-routes.ts';
import { messagingMigrations } from './migrations.ts';
import { appendToOutbox } from './outbox.ts';
import { streamKey } from './stream.ts';

/** A service with nothing but what it exchanges. */
async function service({ group = 'payment', redis }: { group?: Group; redis?: Redis } = {}) {
  const db = await testDatabase([messagingMigrations]);
  const { redis: own, prefix } = testRedis();
  const app = createHttpApp({
    ...testScope(),
    auth: testAuth,
    routes: (app) => mountMessagingLedgers(app, { db, redis: redis ?? own, group, prefix }),
  });
  const token = await as.admin();
  return {
    db,
    app,
    redis: own,
    streams: streamsOf(group).map((producer) => streamKey(producer, prefix)),
    events: ledgerOf(app, 'events', eventEntry),
    backlog: async () =>
      backlogView.parse((await request(app).get('/internal/ledgers/backlog').set(token).expect(200)).body),
    /** Writes to the outbox, under an id that was drawn so many milliseconds ago. */
    async tell(agoMs = 0, publishedAt: string | null = null): Promise<string> {
      const id = v7({ msecs: Date.now() - agoMs });
      await db.query(
        `INSERT INTO messaging.outbox (event_id, type, subject, envelope, created_at, published_at)
         VALUES ($1, 'payment.captured', 'order', '{}', now() - $2 * interval '1 millisecond', $3)`,
        [id, agoMs, publishedAt],
      );
      return id;
    },
  };
}

const nothing = { count: 0, oldest: null, some: [] };

test('what was told is walked by event id up to a time, each event once, in whatever order it was written', async () => {
  const { tell, events } = await service();
  const late = await tell(1_000);
  const ids = [await tell(90_000), await tell(80_000, 'now'), await tell(85_000), await tell(100_000)].sort();
  const until = new Date(Date.now() - 60_000).toISOString();
  const pages = await events.walk({ limit: 3, until });
  expect(pages.map((page) => page.map(({ id }) => id))).toEqual([ids.slice(0, 3), ids.slice(3)]);
  expect(pages[0]![0]).toMatchObject({ id: ids[0], type: 'payment.captured', subject: 'order' });
  const named = await events.ask({ events: [ids[1], newId()] });
  expect(named).toEqual({ items: [pages[0]![1]], next: null });
  const rest = await events.ask({ after: ids.at(-1), until: new Date().toISOString(), limit: 3 });
  expect(rest).toMatchObject({ items: [{ id: late }], next: null });
});

test('an event has a digest of all that its envelope says, however it is written', async () => {
  const { db, events } = await service();
  const event = anEvent('order.paid', { orderId: newId(), total: { amount: 1, currency: 'EUR' } });
  await db.transaction(async (tx) =>
    appendToOutbox(tx, [
      {
        ...event,
        type: 'order.paid',
        orderId: event.data.orderId,
        cause: { correlationId: 'c', actor: 'a' },
      },
    ]),
  );
  const digest = async () =>
    (await events.ask({ after: null, until: new Date(Date.now() + 1_000).toISOString(), limit: 1 })).items[0]!
      .digest;
  const before = await digest();
  expect(before).toMatch(/^[0-9a-f]{32}$/);
  await db.query('UPDATE messaging.outbox SET envelope = envelope::jsonb');
  expect(await digest()).toBe(before);
  const changes = ['{data,total,amount}', '{sequence}', '{actor}', '{orderid}', '{time}', '{correlationid}'];
  const values = ['2', '9', '"b"', `"${newId()}"`, '"2026-01-01T00:00:00Z"', '"d"'];
  for (const [i, path] of changes.entries()) {
    await db.query('UPDATE messaging.outbox SET envelope = jsonb_set(envelope::jsonb, $1, $2)', [
      path,
      values[i],
    ]);
  }
  expect(await digest()).not.toBe(before);
  await db.query("UPDATE messaging.outbox SET subject = 'another'");
  expect(await digest()).toBe('the columns differ from the envelope');
});

test.each([
  '"none"',
  '{"id": "x"}',
  '{"sequence": "one"}',
  '{"time": "yesterday or so"}',
  '{"orderid": 7}',
  '{"data": {"name": "\\u0000"}}',
])('an envelope of %s differs from its columns, and hides no other event', async (envelope) => {
  const { db, tell, events } = await service();
  const ids = [await tell(2_000), await tell(1_000)].sort();
  await db.query('UPDATE messaging.outbox SET envelope = $2 WHERE event_id = $1', [ids[0], envelope]);
  await db.query(
    `UPDATE messaging.outbox SET envelope = json_build_object('id', event_id, 'type', type, 'subject', subject)
     WHERE event_id = $1`,
    [ids[1]],
  );
  const found = [
    { id: ids[0], digest: 'the columns differ from the envelope' },
    { id: ids[1], digest: expect.stringMatching(/^[0-9a-f]{32}$/) },
  ];
  const until = new Date().toISOString();
  expect((await events.ask({ after: null, until, limit: 10 })).items).toMatchObject(found);
  expect((await events.ask({ events: ids })).items).toMatchObject(found);
});

test('a time that JSON cannot tell makes no backlog fail', async () => {
  const { db, tell, backlog } = await service();
  for (const at of ['infinity', '-infinity']) {
    await tell();
    await db.query('UPDATE messaging.outbox SET created_at = $1', [at]);
    expect((await backlog()).outbox.oldest).toMatch(/^(0001|9999)-/);
  }
});

test('who only listens has a backlog and tells no events', async () => {
  const { app, backlog } = await service({ group: 'auditor' });
  expect(await backlog()).toEqual({
    outbox: nothing,
    pending: nothing,
    retries: nothing,
    deadLetters: nothing,
  });
  await request(app)
    .post('/internal/ledgers/events')
    .set(await as.service())
    .send({})
    .expect(404);
});

test('the outbox, the retries and the dead letters are counted, with the oldest of them', async () => {
  const { db, tell, backlog } = await service();
  await tell(50_000, 'now');
  const ids: string[] = [];
  for (const ago of [40_000, 30_000, 20_000, 10_000, 5_000, 1_000]) ids.push(await tell(ago));
  const keys = [newId(), newId()];
  await db.query(
    `INSERT INTO messaging.retry (consumer_group, key, stream, entry_id, body, created_at)
     SELECT 'payment', key, 's', '1-0', '', '2026-01-02T00:00:00Z' FROM unnest($1::text[]) AS key`,
    [keys],
  );
  await db.query(`INSERT INTO messaging.dead_letter (consumer_group, key, stream, entry_id, body, reason, error, attempts, died_at)
    VALUES ('payment', 'mine', 's', '1-0', '', 'failed', 'e', 8, '2026-01-01T00:00:00Z'),
      ('another', 'not mine', 's', '1-0', '', 'failed', 'e', 8, '2025-01-01T00:00:00Z')`);
  const { outbox, retries, deadLetters } = await backlog();
  expect(outbox).toEqual({ count: 6, oldest: expect.any(String), some: ids.slice(0, 5) });
  expect(Date.now() - Date.parse(outbox.oldest!)).toBeGreaterThan(39_000);
  expect(Date.now() - Date.parse(outbox.oldest!)).toBeLessThan(50_000);
  expect(retries).toEqual({ count: 2, oldest: '2026-01-02T00:00:00.000Z', some: keys });
  expect(deadLetters).toEqual({ count: 1, oldest: '2026-01-01T00:00:00.000Z', some: ['mine'] });
});

test('a heap that is too large is counted no further', async () => {
  const { db, backlog } = await service();
  await db.query(`INSERT INTO messaging.outbox (event_id, type, subject, envelope)
    SELECT gen_random_uuid(), 't', 's', '{}' FROM generate_series(1, 10001)`);
  expect((await backlog()).outbox).toMatchObject({ count: 10_000, some: { length: 5 } });
});

test('what a group has not acknowledged is pending, delivered or not, until it is', async () => {
  const { redis, streams, backlog } = await service();
  const [stream = ''] = streams;
  const append = (id: string) => redis.xadd(stream, id, 'event', '{}');
  for (const id of ['1000-0', '2000-0', '3000-0']) await append(id);
  const oldest = '1970-01-01T00:00:01.000Z';
  const some = ['1000-0', '2000-0', '3000-0'].map((id) => `${stream}/${id}`);
  expect((await backlog()).pending).toEqual({ count: 3, oldest, some }); // nobody has made the group yet

  await redis.xgroup('CREATE', stream, 'payment', '0');
  expect((await backlog()).pending).toEqual({ count: 3, oldest, some });
  const read = (count: number) =>
    redis.xreadgroup('GROUP', 'payment', 'a', 'COUNT', count, 'STREAMS', stream, '>');
  await read(2);
  expect((await backlog()).pending).toEqual({ count: 3, oldest, some });
  await redis.xack(stream, 'payment', '1000-0', '2000-0');
  expect((await backlog()).pending).toEqual({
    count: 1,
    oldest: '1970-01-01T00:00:03.000Z',
    some: [`${stream}/3000-0`],
  });
  await read(1);
  await redis.xack(stream, 'payment', '3000-0');
  expect((await backlog()).pending).toEqual(nothing);
});

test('while Redis does not answer, what is pending there is not known, and the rest is told soon', async () => {
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as { port: number };
  const redis = createCommandClient({ url: `redis://127.0.0.1:${port}`, name: 'test', log: silentLog });
  onTestFinished(() => {
    redis.disconnect();
    mute.close();
  });
  const { tell, backlog } = await service({ redis });
  const id = await tell();
  const askedAt = performance.now();
  expect(await backlog()).toMatchObject({ pending: null, outbox: { count: 1, some: [id] } });
  expect(performance.now() - askedAt).toBeLessThan(4_500);
});

test('nobody but OrderFlow itself and admins may read them', async () => {
  const { app, events } = await service();
  expect(await events.refusals()).toEqual([401, 403, 403]);
  const backlog = '/internal/ledgers/backlog';
  await request(app).get(backlog).expect(401);
  await request(app)
    .get(backlog)
    .set(await as.seller())
    .expect(403);
});
