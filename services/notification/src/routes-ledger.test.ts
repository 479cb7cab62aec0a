import { newId } from '@orderflow/contracts/ids';
import { messageEntry } from '@orderflow/contracts/ledgers';
import { ledgerOf } from '@orderflow/testing/ledgers';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { testAuth } from '@orderflow/testing/tokens';
import { expect, test } from 'vitest';
import { notificationDatabase } from '../test/notification-database.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { createApp } from './app.ts';

async function withLedger() {
  const database = await notificationDatabase();
  const { redis } = testRedis();
  const app = createApp({ scope: testScope(), ...database, redis, auth: testAuth, demo: false });
  return { ...database, ledger: ledgerOf(app, 'messages', messageEntry) };
}

test('messages are told by order, sent or not, and walked as orders are', async () => {
  const { deliver, ledger, db } = await withLedger();
  const orders = Array.from({ length: 5 }, () => eventsOfOrder());
  const [shipped, waiting, quiet, ...others] = orders as [
    (typeof orders)[0],
    (typeof orders)[0],
    ...typeof orders,
  ];
  const [paid, sent] = [shipped.paid(), shipped.shipped('T1')];
  await deliver(shipped.placed({ phone: '+4930123456' }), paid);
  await db.query("UPDATE messages SET status = 'SENT', sent_at = now()");
  await deliver(
    sent,
    waiting.paid(),
    quiet!.placed(),
    ...others.map((order) => order.cancelled('out_of_stock')),
  );

  const pages = await ledger.walk({ until: null, limit: 2 });
  const told = orders.map(({ orderId }) => orderId);
  expect(pages.map((page) => page.map(({ orderId }) => orderId))).toEqual([
    told.slice(0, 2),
    told.slice(2, 4),
    told.slice(4),
  ]);
  const message = (eventId: string, template: string, channel: string, status: string) => ({
    id: expect.any(String),
    eventId,
    template,
    channel,
    status,
    refused: false,
    recipient: channel === 'sms' ? '+4930123456' : expect.stringContaining('@'),
    words: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(pages[0]![0]).toMatchObject({ customerId: expect.any(String), contact: { phone: '+4930123456' } });
  expect(pages[0]![0]!.messages).toMatchObject([
    message(paid.id, 'order-paid', 'email', 'SENT'),
    message(sent.id, 'order-shipped', 'email', 'PENDING'),
    message(sent.id, 'order-shipped-sms', 'sms', 'PENDING'),
  ]);
  expect(pages[0]![1]!.messages).toMatchObject([
    { template: 'order-paid', status: 'WAITING', recipient: null, words: null },
  ]);
  expect(pages[1]![0]!.messages).toEqual([]);
  const named = await ledger.ask({ orders: [quiet!.orderId, newId(), shipped.orderId] });
  expect(named).toEqual({ items: [pages[0]![0], pages[1]![0]], next: null });
  const some = await ledger.walk({ after: told[0], until: told[2], limit: 10 });
  expect(some.flat().map(({ orderId }) => orderId)).toEqual(told.slice(1, 3));
});

test('nobody but OrderFlow itself and admins may read it', async () => {
  const { ledger } = await withLedger();
  expect(await ledger.refusals()).toEqual([401, 403, 403]);
});
