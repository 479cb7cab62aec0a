import type { Event } from '@orderflow/contracts/events';
import { subscriptions } from '@orderflow/contracts/groups';
import { handledTypes } from '@orderflow/messaging/consumer';
import { expect, test } from 'vitest';
import { linkTo, notificationDatabase } from '../test/notification-database.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { createHandlers } from './consumers.ts';
import { writeMessages } from './operations/write-messages.ts';

const phone = '+4930123456';

test('every event that the group subscribes to has a handler, and no other', () => {
  expect(handledTypes(createHandlers({ linkTo })).sort()).toEqual([...subscriptions.notification].sort());
});

type Order = ReturnType<typeof eventsOfOrder>;

test.each<[string, (order: Order) => Event[], string[]]>([
  ['an order that is confirmed by itself', (o) => [o.placed()], []],
  [
    'an order for the seller to confirm',
    (o) => [o.placed({ confirmation: 'seller' })],
    ['email order-placed'],
  ],
  ['a confirmation with a payment method', (o) => [o.placed(), o.confirmed('pm_card_visa')], []],
  ['a confirmation that waits for a payment', (o) => [o.placed(), o.confirmed()], ['email order-confirmed']],
  ['a payment', (o) => [o.placed(), o.paid()], ['email order-paid']],
  ['a shipment, no phone known', (o) => [o.placed(), o.shipped('T1')], ['email order-shipped']],
  [
    'a shipment, with a phone',
    (o) => [o.placed({ phone }), o.shipped('T1')],
    ['email order-shipped', 'sms order-shipped-sms'],
  ],
  ['a delivery', (o) => [o.placed({ phone }), o.fulfilled()], ['email order-fulfilled']],
  [
    'a paid order that is cancelled and refunded',
    (o) => [o.placed(), o.cancelled('cancelled_by_seller'), o.refunded()],
    ['email order-cancelled', 'email payment-refunded'],
  ],
])('%s gets exactly its messages', async (_name, eventsOf, expected) => {
  const { deliver, messages } = await notificationDatabase();
  await deliver(...eventsOf(eventsOfOrder()));
  expect((await messages()).map(({ channel, template }) => `${channel} ${template}`).sort()).toEqual(
    expected,
  );
});

test('a message is addressed by the contact and threaded to the event it tells of', async () => {
  const { deliver, messages } = await notificationDatabase();
  const order = eventsOfOrder();
  const shipped = order.shipped();
  await deliver(order.placed({ phone }), { ...shipped, traceparent: 'trace' });
  const about = {
    orderId: order.orderId,
    eventId: shipped.id,
    status: 'PENDING',
    attempts: 0,
    data: null,
    correlationId: shipped.correlationid,
    traceparent: 'trace',
    subject: `Order ${order.orderId} is on its way`,
  };
  expect(await messages()).toMatchObject([
    { ...about, channel: 'email', recipient: 'ada@example.org', body: expect.stringContaining('Dear Ada') },
    { ...about, channel: 'sms', recipient: phone, body: expect.stringContaining('on its way.') },
  ]);
});

test('messages wait for a contact that comes late, and one without a phone drops the SMS', async () => {
  const { deliver, messages } = await notificationDatabase();
  const reachable = eventsOfOrder();
  const noPhone = eventsOfOrder();
  await deliver(reachable.shipped(), noPhone.shipped());
  await deliver(reachable.paid());
  const waiting = await messages();
  expect(waiting.map(({ status, recipient }) => [status, recipient])).toEqual(
    Array(5).fill(['WAITING', null]),
  );

  await deliver(reachable.placed({ phone }), noPhone.placed());
  const released = await messages({ orderId: reachable.orderId });
  expect(released.map(({ status, recipient, data }) => [status, recipient, data]).sort()).toEqual([
    ['PENDING', '+4930123456', null],
    ['PENDING', 'ada@example.org', null],
    ['PENDING', 'ada@example.org', null],
  ]);
  expect(await messages({ orderId: noPhone.orderId })).toMatchObject([
    { channel: 'email', status: 'PENDING' },
  ]);
});

test('a hundred orders in one batch take a handful of statements', async () => {
  const { db, deliver, messages } = await notificationDatabase();
  const orders = Array.from({ length: 100 }, () => eventsOfOrder());
  const statements: string[] = [];
  const events = orders.flatMap((order) => [order.paid(), order.placed()]);
  await db.transaction((tx) => {
    const counting: typeof tx = {
      ...tx,
      query: (text, values) => {
        statements.push(text);
        return tx.query(text, values);
      },
    };
    return writeMessages(events, counting, linkTo);
  });
  expect(statements.length).toBeLessThanOrEqual(5);
  expect(await messages({ status: 'PENDING' })).toHaveLength(100);
  await deliver(...events);
  expect(await messages()).toHaveLength(100);
});

test('each mail of a guest has a link to the order, in whatever order the events come; others have none', async () => {
  const { deliver, messages } = await notificationDatabase();
  const guest = eventsOfOrder();
  await deliver(guest.paid());
  await deliver(guest.placed({ phone: '+4930123456' }));
  await deliver(guest.shipped());
  const own = eventsOfOrder();
  const placed = own.placed();
  await deliver({ ...placed, data: { ...placed.data, guest: false } }, own.paid());
  const link = linkTo(guest.orderId);
  const bodies = async (orderId: string, channel: string) =>
    (await messages({ orderId })).filter((one) => one.channel === channel).map(({ body }) => body!);
  const mails = await bodies(guest.orderId, 'email');
  expect(mails).toHaveLength(2);
  for (const body of mails) expect(body).toContain(link);
  for (const body of await bodies(guest.orderId, 'sms')) expect(body).not.toContain(link);
  expect(await bodies(own.orderId, 'email')).toEqual([expect.not.stringContaining('shop.example')]);
});
