import type { Event } from '@orderflow/contracts/events';
import { subscriptions } from '@orderflow/contracts/groups';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { handledTypes } from '@orderflow/messaging/consumer';
import { handleOnce } from '@orderflow/messaging/inbox';
import { ProblemError } from '@orderflow/service-kit/problem';
import { newTraceparent } from '@orderflow/service-kit/request-context';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyOrderOf, type Fact, factsAbout, type Step, sagas } from '../test/builders.ts';
import { aCustomer, orderService } from '../test/harness.ts';
import { createHandlers } from './consumers.ts';
import { cancel } from './domain.ts';
import { createOrderMetrics } from './metrics.ts';
import { moveOrder, type Wish } from './operations/move-order.ts';
import { createOrderCache } from './order-cache.ts';

test('the handlers are those of the subscriptions, so that no stream is trimmed before we have read it', () => {
  const { log, metrics: all } = testScope();
  const metrics = createOrderMetrics(all);
  const cache = createOrderCache({ redis: testRedis().redis, metrics, log });
  const handlers = createHandlers({ metrics, cache, sealMethod: () => '' });
  expect(handledTypes(handlers).sort()).toEqual([...subscriptions.order].sort());
});

async function serviceWithOrders() {
  const service = await orderService();
  const { db, api, handlers, orderMetrics: metrics, cache, told } = service;
  const { productId } = await service.addProduct();
  const handle = (events: Event[]) => handleOnce({ db, group: 'order', handlers }, events);

  async function place(): Promise<string> {
    const order = { customer: aCustomer, items: [{ productId, quantity: 2 }] };
    return (await api.post('/api/orders').send(order).expect(201)).body.id;
  }

  /** The customer's cancellation; false when the order was past it. */
  async function cancelByCommand(orderId: string): Promise<boolean> {
    const wish: Wish = {
      orderId,
      command: (order) => cancel(order, 'cancelled_by_customer'),
      actor: { kind: 'service' },
      context: { correlationId: newId(), traceparent: newTraceparent() },
    };
    try {
      await db.transaction((tx) => moveOrder(tx, wish, { metrics, cache }));
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'illegal_move') return false;
      throw error;
    }
  }

  /** Lets an order live through batches of steps, and gives its end. */
  async function live(batches: Step[][]) {
    const id = await place();
    const facts: Record<Fact, Event> = factsAbout(id);
    let cancelled = false;
    for (const batch of batches) {
      if (batch.includes('cancel')) cancelled = (await cancelByCommand(id)) || cancelled;
      const events = batch.flatMap((step) => (step === 'cancel' ? [] : facts[step]));
      if (events.length > 0) await handle(events);
    }
    return { ...(await endOf(id)), cancelled };
  }

  async function endOf(id: string) {
    const [row] = await db.query(
      `SELECT status, cancel_reason, message, payment_status, confirmation_requested, tracking_number, expires_at
       FROM orders WHERE id = $1`,
      [id],
    );
    const events = await told(id);
    const [{ sequence } = { sequence: 0 }] = await db.query<{ sequence: number }>(
      'SELECT sequence FROM orders WHERE id = $1',
      [id],
    );
    expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: sequence }, (_, i) => i + 1));
    expect(new Set(events.map((event) => event.correlationid)).size).toBe(1);
    return { row, types: events.map((event) => event.type) };
  }

  return { ...service, handle, place, live, endOf };
}

const inBatches = (saga: Fact[]) =>
  fc
    .tuple(anyOrderOf(saga), fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }))
    .map(([steps, ends]) => {
      const batches: Step[][] = [[]];
      for (const [i, step] of steps.entries()) {
        batches.at(-1)!.push(step);
        if (ends[i]) batches.push([]);
      }
      return batches;
    });

/** An expiry that is heard of before its reservation ends the order without a confirmation in between. */
const withoutConfirmed = (types: string[]) => types.filter((type) => type !== 'order.confirmed').sort();

test.each(sagas.map((saga) => [saga]))(
  'the events %j leave the same order and the same events, in any order, repeated, in any batches',
  async (saga) => {
    const { live } = await serviceWithOrders();
    const natural = await live([saga]);
    const { row: cancelledRow } = await live([['cancel'], saga]);
    const confirmsFirst = saga.includes('reserved') && !saga.includes('expired');
    await fc.assert(
      fc.asyncProperty(inBatches(saga), async (batches) => {
        const { row, types, cancelled } = await live(batches);
        expect(row).toEqual(cancelled ? cancelledRow : natural.row);
        expect(new Set(types).size).toBe(types.length);
        if (cancelled) expect(types).toContain('order.cancelled');
        else if (confirmsFirst) expect(types).toEqual(natural.types);
        else expect(withoutConfirmed(types)).toEqual(withoutConfirmed(natural.types));
      }),
      { numRuns: 25 },
    );
  },
);

test('the sagas of many orders, shuffled together and handled by several replicas at once, all end as they must', async () => {
  const { handle, place, endOf, live } = await serviceWithOrders();
  const lives = sagas.filter((saga) => !saga.includes('expired'));
  const naturalEnds = await Promise.all(lives.map((saga) => live([saga])));
  const orders = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => ({ id: await place(), kind: i % lives.length })),
  );
  const events = orders.flatMap(({ id, kind }) => {
    const facts = factsAbout(id);
    return lives[kind]!.map((fact): Event => facts[fact]);
  });
  // Each event twice, and every replica with its own order of them.
  const shuffled = fc.sample(
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
    3,
  );
  await Promise.all(
    shuffled.map(async (own) => {
      while (own.length > 0) await handle(own.splice(0, 30));
    }),
  );
  for (const { id, kind } of orders) {
    const { row, types } = await endOf(id);
    expect(row).toEqual(naturalEnds[kind]!.row);
    expect(types).toEqual(naturalEnds[kind]!.types);
  }
});

test('an event waits for another one of its order that is under way, and builds on what that leaves', async () => {
  const { db, handlers, handle, place, endOf } = await serviceWithOrders();
  const id = await place();
  const { reserved, captured } = factsAbout(id);
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const first = db.transaction(async (tx) => {
    await handlers['inventory.reserved']([reserved], tx);
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const second = handle([captured]);
  await eventually(async () => {
    const waiting = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(waiting).toHaveLength(1);
  });
  release.resolve();
  await Promise.all([first, second]);
  expect(await endOf(id)).toMatchObject({
    row: { status: 'PAID', payment_status: 'CAPTURED' },
    types: ['order.placed', 'order.confirmation-requested', 'order.confirmed', 'order.paid'],
  });
});

test('what an order does about an event carries the thread of the order and the cause', async () => {
  const { handle, place, told } = await serviceWithOrders();
  const id = await place();
  const { reserved } = factsAbout(id);
  await handle([{ ...reserved, attempt: 3 }]);
  const [placed, , confirmed] = await told(id);
  expect(confirmed).toMatchObject({
    type: 'order.confirmed',
    correlationid: placed!.correlationid,
    causationid: reserved.id,
    actor: 'system:order',
    attempt: 3,
    data: {
      orderId: id,
      customerId: customerIdOf(aCustomer.email),
      sellerId: 'seller-1',
      total: { amount: 5998, currency: 'EUR' },
    },
  });
});

test('an event about an unknown order fails loudly, and its batch leaves neither rows, events nor counts', async () => {
  const { handle, place, endOf, metrics, db } = await serviceWithOrders();
  const id = await place();
  const before = await endOf(id);
  const known = factsAbout(id);
  const batch = [known.reserved, known.captured, factsAbout(newId()).captured];
  await expect(handle(batch)).rejects.toThrow(expect.objectContaining({ code: 'not_found' }));
  expect(await endOf(id)).toEqual(before);
  expect(await db.query('SELECT 1 FROM messaging.inbox')).toEqual([]);
  expect(await metrics.registry.metrics()).not.toContain('order_moves_total{');
  await handle(batch.slice(0, 2));
  expect((await endOf(id)).row).toMatchObject({ status: 'PAID' });
});

test('every move is counted once, and the saga of an order ends once', async () => {
  const { handle, live, place, metrics } = await serviceWithOrders();
  await live([['reserved', 'captured'], ['cancel'], ['refunded']]);
  const { rejected } = factsAbout(await place());
  await handle([rejected, rejected]);
  await handle([rejected]);
  const series = await metrics.registry.metrics();
  for (const line of [
    'order_moves_total{to="CONFIRMED",reason="",service="test"} 1',
    'order_moves_total{to="PAID",reason="",service="test"} 1',
    'order_moves_total{to="CANCELLED",reason="cancelled_by_customer",service="test"} 1',
    'order_moves_total{to="CANCELLED",reason="out_of_stock",service="test"} 1',
    'order_saga_duration_seconds_count{service="test",outcome="paid"} 1',
    'order_saga_duration_seconds_count{service="test",outcome="cancelled"} 1',
  ]) {
    expect(series).toContain(line);
  }
});

test('an event that changes nothing leaves the version of the order alone', async () => {
  const { handle, place, db } = await serviceWithOrders();
  const id = await place();
  await handle([factsAbout(id).rejected]);
  await handle([factsAbout(id).rejected, factsAbout(id).reserved, factsAbout(id).expired]);
  expect(await db.query('SELECT version, sequence FROM orders')).toEqual([{ version: 2, sequence: 3 }]);
});

test('of a product the newest edit is kept, in whatever order and batches the edits are heard of', async () => {
  const { handle, db, productEvent } = await serviceWithOrders();
  const sequences = [1, 2, 3, 4];
  const anyWay = fc.tuple(
    fc.shuffledSubarray([...sequences, ...sequences], { minLength: 8 }),
    fc.integer({ min: 1, max: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(anyWay, async ([order, batchSize]) => {
      const productId = newId();
      const edits = sequences.map((sequence) =>
        productEvent({ productId, name: `Edition ${sequence}`, active: sequence === 4 }, sequence),
      );
      const heard = order.map((sequence) => edits[sequence - 1]!);
      while (heard.length > 0) await handle(heard.splice(0, batchSize));
      expect(
        await db.query('SELECT name, active, sequence FROM products WHERE id = $1', [productId]),
      ).toEqual([{ name: 'Edition 4', active: true, sequence: 4 }]);
    }),
    { numRuns: 20 },
  );
});
