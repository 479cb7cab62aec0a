import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import { testDatabase } from '@orderflow/testing/database';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { ids, outboxWithRelay } from '../test/outbox-with-relay.ts';
import { inboxWalk, keysWalk, outboxWalk, type Walk } from './forget-old-rows.ts';
import { createForgetting } from './forgetting.ts';
import { messagingMigrations } from './migrations.ts';

const outbox = outboxWalk({ maxRows: 1_000_000 });
const inbox = inboxWalk({ group: 'payment' });

function forget(db: Database, walk: Walk, options: { everyMs?: number } = {}) {
  const scope = testScope();
  const loop = createForgetting({ db, scope, ...options }).start(walk);
  onTestFinished(() => loop.stop());
  return { ...loop, scope };
}

/** Writes events of the past that every group has acknowledged. */
const writeOld = (db: Database, rows: number, age: string) =>
  db.query(
    `INSERT INTO messaging.outbox (event_id, type, subject, envelope, created_at, published_at)
     SELECT gen_random_uuid(), 'order.paid', 'old', '{}', now() - $2::interval, now() - $2::interval
     FROM generate_series(1, $1::integer)`,
    [rows, age],
  );

const acknowledge = (db: Database, before = '0 s', stream = 's') =>
  db.query(
    `WITH safe AS (
       SELECT now() - $1::interval AS at, coalesce(max(position) + 1, 0) AS position FROM messaging.outbox
       WHERE published_at < now() - $1::interval)
     INSERT INTO messaging.relay (stream, safe_at, safe_position, next_at, next_position)
     SELECT $2, at, position, at, position FROM safe
     ON CONFLICT (stream) DO UPDATE SET safe_at = excluded.safe_at, safe_position = excluded.safe_position`,
    [before, stream],
  );

const count = async (db: Database, rows: string) =>
  (await db.query<{ n: number }>(`SELECT count(*) AS n FROM messaging.${rows}`))[0]!.n;

test('60,000 old events are forgotten in one round, and new ones are published meanwhile', {
  timeout: 60_000,
}, async () => {
  const { db, stream, start, write, published } = await outboxWithRelay();
  await writeOld(db, 60_000, '8 days');
  await acknowledge(db, '0 s', stream);
  start('a', { upkeepMs: 100 });
  const { scope } = forget(db, outbox);
  let written = 0;
  await eventually(
    async () => {
      await write(ids(10));
      written += 10;
      expect(await count(db, "outbox WHERE subject = 'old'")).toBe(0);
    },
    { timeoutMs: 50_000 },
  );
  expect(written).toBeGreaterThan(10);
  await eventually(async () => expect(await published()).toHaveLength(written));
  expect(await count(db, 'outbox')).toBe(written);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /messaging_rows_forgotten_total{.*table="outbox".*} 60000/,
  );
});

test('what is unpublished or unacknowledged stays, however old and however much it is', async () => {
  const db = await testDatabase([messagingMigrations]);
  await writeOld(db, 1_500, '9 days');
  await acknowledge(db, '10 days');
  const small = outboxWalk({ maxRows: 1 });
  expect(await small.batch(db, '0', 1_000)).toMatchObject({ forgotten: 0 });
  await acknowledge(db);
  await db.query('UPDATE messaging.outbox SET published_at = NULL WHERE position % 2 = 0');
  forget(db, small);
  await eventually(async () => expect(await count(db, 'outbox')).toBe(750));
  expect(await count(db, 'outbox WHERE published_at IS NULL')).toBe(750);
});

test('an outbox keeps 7 days, and of what is beyond its limit one day', async () => {
  const db = await testDatabase([messagingMigrations]);
  for (const age of ['8 days', '6 days', '25 hours', '23 hours']) await writeOld(db, 1_000, age);
  await acknowledge(db);
  const ages = async () =>
    (
      await db.query<{ hours: number; n: number }>(
        `SELECT round(extract(epoch FROM now() - created_at) / 3600)::integer AS hours, count(*) AS n
         FROM messaging.outbox GROUP BY 1 ORDER BY 1`,
      )
    ).map(({ hours, n }) => [hours, n]);
  const large = forget(db, outbox);
  const kept = [
    [23, 1_000],
    [25, 1_000],
    [144, 1_000],
  ];
  await eventually(async () => expect(await ages()).toEqual(kept));
  await large.stop();
  const within = forget(db, outboxWalk({ maxRows: 1_500 }));
  const newest = [
    [23, 1_000],
    [25, 500],
  ];
  await eventually(async () => expect(await ages()).toEqual(newest));
  await within.stop();
  forget(db, outboxWalk({ maxRows: 100 }));
  await eventually(async () => expect(await ages()).toEqual([[23, 1_000]]));
});

test('an inbox forgets what was handled 8 days ago, and keeps an old event that was handled lately', async () => {
  const db = await testDatabase([messagingMigrations]);
  const old = '0190a000-0000-7000-8000-000000000000'; // of 2024
  await db.query(
    `INSERT INTO messaging.inbox (consumer_group, event_id, handled_at)
     SELECT 'payment', ('0190a000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, now() - interval '9 days'
     FROM generate_series(1, 2500) AS n`,
  );
  await db.query(`INSERT INTO messaging.inbox VALUES ('payment', $1), ('payment', $2), ('other', $3)`, [
    old,
    newId(),
    newId(),
  ]);
  forget(db, inbox);
  await eventually(async () => expect(await count(db, 'inbox')).toBe(3));
  expect(await count(db, `inbox WHERE event_id = '${old}'`)).toBe(1);
});

test('answers to requests are forgotten after a day, those of one transaction together', async () => {
  const db = await testDatabase([messagingMigrations]);
  const keep = (prefix: string, rows: number, age: string) =>
    db.query(
      `INSERT INTO messaging.idempotency_key (scope, key, fingerprint, status, headers, created_at)
       SELECT 's', $1 || n, '', 201, '{}', now() - $3::interval FROM generate_series(1, $2::integer) AS n`,
      [prefix, rows, age],
    );
  await keep('old', 2_500, '25 hours');
  await keep('young', 10, '23 hours');
  forget(db, keysWalk);
  await eventually(async () => expect(await count(db, 'idempotency_key')).toBe(10));
});

test('two replicas share the work, and a stop ends it at once', async () => {
  const db = await testDatabase([messagingMigrations]);
  await writeOld(db, 20_000, '8 days');
  await acknowledge(db);
  const one = forget(db, outbox, { everyMs: 50 });
  const other = forget(db, outbox, { everyMs: 50 });
  await eventually(async () => expect(await count(db, 'outbox')).toBeLessThan(20_000));
  await one.stop();
  await other.stop();
  const left = await count(db, 'outbox');
  expect(left).toBeGreaterThan(0);
  forget(db, outbox, { everyMs: 50 });
  const last = forget(db, outbox, { everyMs: 50 });
  await eventually(async () => expect(await count(db, 'outbox')).toBe(0));
  for (const { scope } of [one, other, last]) expect(scope.lines).toEqual([]);
});

test('how long the oldest row is past its time can be seen, also while nothing can be forgotten', async () => {
  const db = await testDatabase([messagingMigrations]);
  await acknowledge(db, '30 days');
  await writeOld(db, 10, '8 days');
  const { scope } = forget(db, outbox, { everyMs: 20 });
  const overdue = async () =>
    Number(
      /messaging_overdue_rows_oldest_seconds{.*} (\S+)/.exec(await scope.metrics.registry.metrics())?.[1],
    );
  await eventually(async () => expect(await overdue()).toBeGreaterThanOrEqual(86_400));
  const before = await overdue();
  await eventually(async () => expect(await overdue()).toBeGreaterThan(before));
  await acknowledge(db);
  await eventually(async () => expect(await overdue()).toBe(0));
});
