import { subscriptions } from '@orderflow/contracts/groups';
import { newId } from '@orderflow/contracts/ids';
import { redrive } from '@orderflow/messaging/dead-letters';
import { messagingMigrations } from '@orderflow/messaging/migrations';
import { appendToOutbox } from '@orderflow/messaging/outbox';
import { startRelay } from '@orderflow/messaging/relay';
import { testDatabase } from '@orderflow/testing/database';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import { expect, onTestFinished, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';

const cancelled = (changes = {}) =>
  anEvent('order.cancelled', { orderId: newId(), reason: 'out_of_stock' }, changes);

const many = (n: number) => Array.from({ length: n }, () => cancelled());

test('the auditor is the group that subscribes to all there is', () => {
  expect(subscriptions.auditor).toBe('all');
});

test('an event of every stream is recorded as its producer wrote it, and acknowledged', async () => {
  const { db, publish, start, pending, recordedIds } = await auditorHarness();
  const orderId = newId();
  const cause = anEvent('order.placed', {
    orderId,
    customer: { id: newId(), name: 'Ada', email: 'ada@example.com' },
    sellerId: 'demo',
    items: [
      {
        productId: newId(),
        quantity: 2,
        sku: 'TEA',
        name: 'Tea',
        unitPrice: { amount: 450, currency: 'EUR' },
      },
    ],
    total: { amount: 900, currency: 'EUR' },
    confirmation: 'automatic',
    guest: true,
  });
  const captured = anEvent(
    'payment.captured',
    { orderId, paymentId: newId(), amount: { amount: 900, currency: 'EUR' }, providerReference: 'ch_1' },
    {
      sequence: 3,
      attempt: 4,
      causationid: cause.id,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      time: '2026-01-02T03:04:05.678Z',
    },
  );
  const others = [
    anEvent('inventory.expired', { orderId }),
    anEvent('notification.sent', { orderId, messageId: newId(), channel: 'email', template: 'order-paid' }),
    anEvent('customer.created', { customerId: newId(), name: 'Ada', guest: true }),
  ];
  start();
  await publish(cause, captured, ...others);
  await eventually(async () => expect(await recordedIds()).toHaveLength(5));
  await eventually(async () => expect(await pending()).toBe(0));

  const [row] = await db.query('SELECT * FROM events WHERE event_id = $1', [captured.id]);
  expect(row).toEqual({
    event_id: captured.id,
    type: 'payment.captured',
    source: 'payment',
    subject: captured.subject,
    sequence: 3,
    order_id: orderId,
    correlation_id: captured.correlationid,
    causation_id: cause.id,
    actor: 'test',
    attempt: 4,
    traceparent: captured.traceparent,
    time: new Date('2026-01-02T03:04:05.678Z'),
    recorded_at: expect.any(Date),
    data: captured.data,
    position: expect.any(Number), // streams are read side by side
    by_person: true,
  });
  const [customer] = await db.query('SELECT order_id FROM events WHERE type = $1', ['customer.created']);
  expect(customer).toEqual({ order_id: null });
});

test('types and versions that nobody has heard of are recorded too', async () => {
  const { db, publish, start, deadLetters, scope } = await auditorHarness();
  const unheardOf = { ...cancelled(), type: 'order.gift-wrapped', data: { paper: ['red', null] } };
  const bare = { ...cancelled(), type: 'order.sighed', data: null };
  const future = cancelled({ dataschema: 'urn:orderflow:order.cancelled:9', data: { why: 'new' } });
  const { metrics } = start();
  await publish(unheardOf, bare, future);
  await eventually(async () => {
    const rows = await db.query('SELECT type, data FROM events ORDER BY event_id');
    expect(rows).toEqual([
      { type: 'order.gift-wrapped', data: { paper: ['red', null] } },
      { type: 'order.sighed', data: null },
      { type: 'order.cancelled', data: { why: 'new' } },
    ]);
  });
  expect(await deadLetters()).toEqual([]);
  expect(scope.lines.filter((line) => Number(line.level) >= 40)).toEqual([]);
  const text = await metrics.registry.metrics();
  expect(text).toContain('audit_events_recorded_total{type="other",source="order",service="test"} 2');
  expect(text).toContain(
    'audit_events_recorded_total{type="order.cancelled",source="order",service="test"} 1',
  );
});

test('what could not be committed is not counted', async () => {
  const { db, publish, start, recordedIds } = await auditorHarness();
  await db.query('CREATE SEQUENCE tries');
  await db.query(`
    CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF nextval('tries') = 1 THEN RAISE 'not yet'; END IF; RETURN NULL; END $$`);
  await db.query(`
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_once()`);
  const event = cancelled();
  const { metrics } = start();
  await publish(event);
  await eventually(async () => expect(await recordedIds()).toEqual([event.id]));
  await eventually(async () =>
    expect(await metrics.registry.metrics()).toContain(
      'audit_events_recorded_total{type="order.cancelled",source="order",service="test"} 1\n',
    ),
  );
});

test('an entry that is no event becomes a dead letter and holds up nothing', async () => {
  const { publish, publishRaw, start, deadLetters, pending, recordedIds } = await auditorHarness();
  const good = many(2);
  await publish(good[0]!);
  await publishRaw('order', '{"half":');
  await publishRaw('payment', '{"type":"payment.captured"}');
  await publish(good[1]!);
  start();
  await eventually(async () => expect(await recordedIds()).toEqual(good.map(({ id }) => id)));
  await eventually(async () => expect(await pending()).toBe(0));
  const letters = await deadLetters();
  expect(letters.map(({ reason, group }) => [reason, group])).toEqual([
    ['unreadable', 'auditor'],
    ['unreadable', 'auditor'],
  ]);
  expect(letters.map(({ error }) => error).join()).toMatch(/not JSON/);
  expect(letters.map(({ error }) => error).join()).toMatch(/not an envelope/);
});

test('an event that Postgres cannot hold ends in the dead letters, and its batch is recorded', async () => {
  const { publish, start, deadLetters, recordedIds, pending } = await auditorHarness();
  const good = many(5);
  const impossible = cancelled({ actor: 'a zero byte: \0' });
  await publish(...good.slice(0, 3), impossible, ...good.slice(3));
  start();
  await eventually(async () => expect(await recordedIds()).toEqual(good.map(({ id }) => id)));
  const [letter] = await eventually(async () => {
    const letters = await deadLetters();
    expect(letters).toHaveLength(1);
    return letters;
  });
  expect(letter).toMatchObject({ reason: 'failed', key: impossible.id });
  await eventually(async () => expect(await pending()).toBe(0));
});

test('an event that a person redrives from the dead letters is recorded with the attempt of its producer', async () => {
  const { db, publish, start, deadLetters } = await auditorHarness();
  await db.query('ALTER TABLE events ADD CONSTRAINT refused CHECK (false)');
  const event = cancelled({ attempt: 2 });
  await publish(event);
  start();
  const [letter] = await eventually(async () => {
    const letters = await deadLetters();
    expect(letters).toHaveLength(1);
    return letters;
  });
  await db.query('ALTER TABLE events DROP CONSTRAINT refused');
  expect(await redrive(db, letter!.id)).toBe(true);
  await eventually(async () =>
    expect(await db.query('SELECT event_id, attempt FROM events')).toEqual([
      { event_id: event.id, attempt: 2 },
    ]),
  );
});

test('copies of an event, in one batch or in many, are one row', async () => {
  const { publish, start, recordedIds, pending } = await auditorHarness();
  const events = many(3);
  await publish(...events, ...events);
  const { metrics } = start('a', { batchSize: 4 });
  await eventually(async () => expect(await recordedIds()).toEqual(events.map(({ id }) => id)));
  await publish(...events);
  await eventually(async () => {
    const text = await metrics.registry.metrics();
    expect(text).toContain('messaging_events_duplicate_total{service="test"} 6');
  });
  await eventually(async () => expect(await pending()).toBe(0));
  expect(await recordedIds()).toHaveLength(3);
  const text = await metrics.registry.metrics();
  expect(text).toContain(
    'audit_events_recorded_total{type="order.cancelled",source="order",service="test"} 3',
  );
  expect(text).toContain('audit_recording_delay_seconds_count{service="test",source="order"} 3');
});

test('streams that are lost and published again leave one row for each event, and none is missing', async () => {
  const { redis, prefix, start, recordedIds } = await auditorHarness();
  const producer = await testDatabase([messagingMigrations]);
  const relay = startRelay({
    service: 'order',
    db: producer,
    redis,
    scope: testScope(),
    instance: 'a',
    prefix,
    upkeepMs: 100,
  });
  onTestFinished(() => relay.stop());
  const write = (n: number) =>
    producer.transaction(async (tx) =>
      appendToOutbox(
        tx,
        Array.from({ length: n }, newId).map((orderId) => ({
          type: 'order.fulfilled',
          subject: orderId,
          sequence: 1,
          orderId,
          data: { orderId },
          cause: { correlationId: 'c', actor: 'test' },
        })),
      ),
    );
  const written = async () =>
    (
      await producer.query<{ event_id: string }>('SELECT event_id FROM messaging.outbox ORDER BY event_id')
    ).map((row) => row.event_id);
  start();
  await write(30);
  await eventually(async () => expect(await recordedIds()).toEqual(await written()));

  await redis.del(await redis.keys(`${prefix}*`));
  await write(5);
  await eventually(async () => expect(await recordedIds()).toEqual(await written()));
  // The replay has come through whole: both sides have been over all 35.
  await eventually(async () => {
    const [row] = await producer.query<{ replays: number }>('SELECT replays FROM messaging.relay');
    expect(row!.replays).toBeGreaterThan(0);
  });
  expect(await recordedIds()).toHaveLength(35);
});

test('thousands of events are recorded by two replicas, each once', async () => {
  const { redis, prefix, start, recordedIds, pending } = await auditorHarness();
  const events = many(3_000);
  const pipeline = redis.pipeline();
  for (const event of [...events, ...events.slice(0, 500)]) {
    pipeline.xadd(`${prefix}orderflow:order`, '*', 'event', JSON.stringify(event));
  }
  await pipeline.exec();
  start('a');
  start('b');
  await eventually(async () => expect(await recordedIds()).toHaveLength(3_000));
  await eventually(async () => expect(await pending()).toBe(0));
  expect(await recordedIds()).toEqual(events.map(({ id }) => id).sort());
});
