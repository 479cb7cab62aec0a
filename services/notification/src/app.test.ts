import { notificationView, pageOf } from '@orderflow/contracts/http';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { testScope } from '@orderflow/testing/scope';
import request from 'supertest';
import { expect, onTestFinished, test } from 'vitest';
import { notificationDatabase } from '../test/notification-database.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { createApp } from './app.ts';
import { watchBacklog } from './backlog.ts';
import { createNotificationMetrics } from './metrics.ts';

async function appWithMessages() {
  const database = await notificationDatabase();
  const scope = testScope();
  const app = createApp({ scope, prisma: database.prisma });
  const sendAll = () =>
    database.db.query("UPDATE messages SET status = 'SENT', sent_at = now() WHERE status = 'PENDING'");
  return { ...database, scope, app, sendAll };
}

const page = pageOf(notificationView);

test('notifications are listed newest first, page by page', async () => {
  const { app, deliver } = await appWithMessages();
  const orders = Array.from({ length: 5 }, () => eventsOfOrder());
  for (const order of orders) await deliver(order.placed(), order.paid());
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 2, ...(cursor && { cursor }) };
    const { body } = await request(app).get('/api/notifications').query(query).expect(200);
    const { items, nextCursor } = page.parse(body);
    seen.push(...items.map(({ orderId }) => orderId));
    cursor = nextCursor;
  } while (cursor);
  expect(seen).toEqual(orders.map(({ orderId }) => orderId).reverse());
});

test('notifications are narrowed down by order, channel and status', async () => {
  const { app, deliver, sendAll } = await appWithMessages();
  const [sent, pending] = [eventsOfOrder(), eventsOfOrder()];
  await deliver(sent.placed({ phone: '+4930123456' }), sent.shipped());
  await sendAll();
  await deliver(pending.placed(), pending.paid());
  const templates = async (query: object) => {
    const { body } = await request(app).get('/api/notifications').query(query).expect(200);
    return page.parse(body).items.map(({ template }) => template);
  };
  expect(await templates({ orderId: pending.orderId })).toEqual(['order-paid']);
  expect(await templates({ channel: 'sms' })).toEqual(['order-shipped-sms']);
  expect(await templates({ status: 'PENDING' })).toEqual(['order-paid']);
  expect(await templates({ status: 'SENT', channel: 'email' })).toEqual(['order-shipped']);
});

test('one notification is shown by its id; one that waits for its contact is not shown yet', async () => {
  const { app, deliver, messages } = await appWithMessages();
  const order = eventsOfOrder();
  await deliver(order.paid());
  const [row] = await messages();
  await request(app).get(`/api/notifications/${row!.id}`).expect(404);
  expect((await request(app).get('/api/notifications')).body.items).toEqual([]);
  await deliver(order.placed());
  await request(app)
    .get(`/api/notifications/${row!.id}`)
    .expect(200, {
      id: row!.id,
      orderId: order.orderId,
      channel: 'email',
      template: 'order-paid',
      recipient: 'ada@example.org',
      subject: `Order ${order.orderId} is confirmed and paid`,
      status: 'PENDING',
      sentAt: null,
    });
});

test.each([
  ['/api/notifications?status=WAITING', 400, 'invalid_request'],
  ['/api/notifications?orderId=7', 400, 'invalid_request'],
  ['/api/notifications?cursor=made-up', 400, 'invalid_request'],
  ['/notifications?order_id=7', 400, 'invalid_request'],
  ['/api/notifications/7', 404, 'not_found'],
  [`/api/notifications/${newId()}`, 404, 'not_found'],
])('%s is answered with %i %s', async (path, status, code) => {
  const { app } = await appWithMessages();
  const { body } = await request(app)
    .get(path)
    .expect(status)
    .expect('content-type', /problem/);
  expect(body.code).toBe(code);
});

test('the plain alias lists what was sent, newest first', async () => {
  const { app, deliver, sendAll, messages } = await appWithMessages();
  const [first, second, unsent] = [eventsOfOrder(), eventsOfOrder(), eventsOfOrder()];
  await deliver(first.placed(), first.paid());
  await deliver(second.placed(), second.paid());
  await sendAll();
  await deliver(unsent.placed(), unsent.paid());
  const { body } = await request(app).get('/notifications').expect(200);
  expect(body.map((row: { order_id: string }) => row.order_id)).toEqual([second.orderId, first.orderId]);
  const [row] = await messages({ orderId: first.orderId });
  await request(app)
    .get('/notifications')
    .query({ order_id: first.orderId })
    .expect(200, [
      {
        order_id: first.orderId,
        channel: 'email',
        recipient: 'ada@example.org',
        subject: `Order ${first.orderId} is confirmed and paid`,
        sent_at: row!.sentAt!.toISOString(),
      },
    ]);
});

test('the backlog is measured by what it waits for, with the age of its oldest message', async () => {
  const { db, deliver, scope } = await appWithMessages();
  const [pending, waiting] = [eventsOfOrder(), eventsOfOrder()];
  await deliver(pending.placed(), pending.paid(), waiting.paid());
  await db.query("UPDATE messages SET created_at = now() - interval '1 minute' WHERE status = 'PENDING'");
  const metrics = createNotificationMetrics(scope.metrics);
  const backlog = watchBacklog({ db, metrics, log: scope.log, everyMs: 20 });
  onTestFinished(backlog.stop);
  await eventually(async () => {
    const text = await scope.metrics.registry.metrics();
    expect(text).toMatch(/notification_backlog_messages\{status="PENDING",service="test"\} 1/);
    expect(text).toMatch(/notification_backlog_messages\{status="WAITING",service="test"\} 1/);
    expect(text).toMatch(/notification_backlog_messages\{status="FAILED",service="test"\} 0/);
    expect(text).toMatch(/notification_oldest_unsent_seconds\{status="PENDING",service="test"\} 6\d/);
  });
});
