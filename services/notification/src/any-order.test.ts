import type { Event } from '@orderflow/contracts/events';
import { eventually } from '@orderflow/testing/eventually';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkTo, notificationDatabase } from '../test/notification-database.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { writeMessages } from './operations/write-messages.ts';

test.each([
  ['order.placed commits first', true],
  ['order.placed commits last', false],
])('two replicas that hear of an order at once miss nothing: %s', async (_name, placedFirst) => {
  const { db, deliver, messages } = await notificationDatabase();
  const order = eventsOfOrder();
  const [held, other] = placedFirst ? [order.placed(), order.paid()] : [order.paid(), order.placed()];
  const written = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const first = db.transaction(async (tx) => {
    await writeMessages([held], tx, linkTo);
    written.resolve();
    await release.promise;
  });
  await written.promise;
  const second = deliver(other);
  await eventually(async () => {
    const [row] = await db.query<{ n: number }>(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(row!.n).toBe(1);
  });
  release.resolve();
  await Promise.all([first, second]);
  expect(await messages()).toMatchObject([{ template: 'order-paid', status: 'PENDING' }]);
});

/** A whole life of an order, with every kind of event that can be in one, and more than a real one has. */
const lifeOf = (order: ReturnType<typeof eventsOfOrder>, withPhone: boolean): Event[] => [
  order.placed({ phone: withPhone ? '+4930123456' : undefined, confirmation: 'seller' }),
  order.confirmed(),
  order.paid(),
  order.shipped('T1'),
  order.fulfilled(),
  order.cancelled('cancelled_by_admin'),
  order.refunded(),
];

test('any order and any duplication of the events of orders ends in the same messages', async () => {
  const { deliver, messages } = await notificationDatabase();
  const outcome = async (lives: Event[][], ids: string[]) => {
    const all = await Promise.all(ids.map((orderId) => messages({ orderId })));
    return all.map((rows, i) =>
      rows
        .map(({ channel, template, status, recipient, subject, body, eventId }) =>
          [
            channel,
            template,
            status,
            recipient,
            lives[i]!.findIndex((event) => event.id === eventId),
            `${subject}|${body}`.replaceAll(ids[i]!, 'ORDER'),
          ].join(' '),
        )
        .sort(),
    );
  };
  const someOrders = () => {
    const orders = [eventsOfOrder(), eventsOfOrder()];
    const lives = [lifeOf(orders[0]!, true), lifeOf(orders[1]!, false)];
    return { lives, ids: orders.map(({ orderId }) => orderId) };
  };
  const inOrder = someOrders();
  await deliver(...inOrder.lives.flat());
  const expected = await outcome(inOrder.lives, inOrder.ids);
  expect(expected.map((rows) => rows.length)).toEqual([8, 7]);

  const positions = Array.from({ length: 14 }, (_, i) => i);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...positions, ...positions], { minLength: 14 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 28, maxLength: 28 }),
      async (order, batchSizes) => {
        const { lives, ids } = someOrders();
        const events = lives.flat();
        const deliveries = [...order, ...positions].map((position) => events[position]!); // each at least once
        for (const size of batchSizes)
          if (deliveries.length > 0) await deliver(...deliveries.splice(0, size));
        if (deliveries.length > 0) await deliver(...deliveries);
        expect(await outcome(lives, ids)).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});
