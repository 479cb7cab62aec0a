import { notificationView } from '@orderflow/contracts/http/notifications';
import { pageOf } from '@orderflow/contracts/http/page';
import { plainNotificationView } from '@orderflow/contracts/http/plain';
import { newId } from '@orderflow/contracts/ids';
import { eventually } from '@orderflow/testing/eventually';
import { testRedis } from '@orderflow/testing/redis';
import { testScope } from '@orderflow/testing/scope';
import { as, testAuth } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, onTestFinished, test } from 'vitest';
import { notificationDatabase } from '../test/notification-database.ts';
import { eventsOfOrder } from '../test/saga-events.ts';
import { createApp } from './app.ts';
import { watchBacklog } from './backlog.ts';
import { createNotificationMetrics } from './metrics.ts';

async function appWithMessages({ demo = true } = {}) {
  const database = await notificationDatabase();
  const scope = testScope();
  const { redis } = testRedis();
  const app = createApp({ scope, ...database, redis, auth: testAuth, demo });
  const admin = await as.admin();
  const get = (path: string, headers: Record<string, string> = admin) => request(app).get(path).set(headers);
  const sendAll = () =>
    database.db.query("UPDATE messages SET status = 'SENT', sent_at = now() WHERE status = 'PENDING'");
  return { ...database, scope, app, get, sendAll };
}

const page = pageOf(notificationView);

test('notifications are listed newest first, page by page', async () => {
  const { get, deliver } = await appWithMessages();
  const orders = Array.from({ length: 5 }, () => eventsOfOrder());
  for (const order of orders) await deliver(order.placed(), order.paid());
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 2, ...(cursor && { cursor }) };
    const { body } = await get('/api/notifications').query(query).expect(200);
    const { items, nextCursor } = page.parse(body);
    seen.push(...items.map(({ orderId }) => orderId));
    cursor = nextCursor;
  } while (cursor);
  expect(seen).toEqual(orders.map(({ orderId }) => orderId).reverse());
});

test('notifications are narrowed down by order, channel and status', async () => {
  const { get, deliver, sendAll } = await appWithMessages();
  const [sent, pending] = [eventsOfOrder(), eventsOfOrder()];
  await deliver(sent.placed({ phone: '+4930123456' }), sent.shipped());
  await sendAll();
  await deliver(pending.placed(), pending.paid());
  const templates = async (query: object) => {
    const { body } = await get('/api/notifications').query(query).expect(200);
    return page.parse(body).items.map(({ template }) => template);
  };
  expect(await templates({ orderId: pending.orderId })).toEqual(['order-paid']);
  expect(await templates({ channel: 'sms' })).toEqual(['order-shipped-sms']);
  expect(await templates({ status: 'PENDING' })).toEqual(['order-paid']);
  expect(await templates({ status: 'SENT', channel: 'email' })).toEqual(['order-shipped']);
});

test('one notification is shown by its id; one that waits for its contact is not shown yet', async () => {
  const { get, deliver, messages } = await appWithMessages();
  const order = eventsOfOrder();
  await deliver(order.paid());
  const [row] = await messages();
  await get(`/api/notifications/${row!.id}`).expect(404);
  expect((await get('/api/notifications')).body.items).toEqual([]);
  await deliver(order.placed());
  await get(`/api/notifications/${row!.id}`).expect(200, {
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
  const { get } = await appWithMessages();
  const { body } = await get(path)
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
  expect(
    plainNotificationView
      .strict()
      .array()
      .parse(body)
      .map((row) => row.order_id),
  ).toEqual([second.orderId, first.orderId]);
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

test('the plain alias is served in demo mode only', async () => {
  const { get } = await appWithMessages({ demo: false });
  await get('/notifications').expect(404);
});

test('customers see the notifications of their own orders only, admins and services all', async () => {
  const { get, deliver, messages } = await appWithMessages();
  const [own, others] = [eventsOfOrder(), eventsOfOrder(undefined, 'eve@example.org')];
  await deliver(own.placed(), own.paid());
  await deliver(others.paid()); // its customer becomes known only afterwards
  await deliver(others.placed());
  const [ownRow] = await messages({ orderId: own.orderId });
  const [othersRow] = await messages({ orderId: others.orderId });
  const ada = await as.customer('Ada@example.org');
  const seen = async (headers: Record<string, string>, query = '') =>
    page.parse((await get(`/api/notifications${query}`, headers).expect(200)).body).items.map(({ id }) => id);

  expect(await seen(ada)).toEqual([ownRow!.id]);
  expect(await seen(await as.customer('eve@example.org'))).toEqual([othersRow!.id]);
  expect(await seen(await as.customer('new@example.org'))).toEqual([]);
  expect(await seen(ada, `?orderId=${others.orderId}`)).toEqual([]);
  await get(`/api/notifications/${ownRow!.id}`, ada).expect(200);
  const hidden = await get(`/api/notifications/${othersRow!.id}`, ada).expect(404);
  const missing = await get(`/api/notifications/${newId()}`, ada).expect(404);
  expect([hidden.body.code, missing.body.code]).toEqual(['not_found', 'not_found']);
  for (const headers of [await as.admin(), await as.service()]) {
    expect(await seen(headers)).toEqual([othersRow!.id, ownRow!.id]);
    await get(`/api/notifications/${ownRow!.id}`, headers).expect(200);
  }
});

test('messages from before customers were kept are for admins only', async () => {
  const { db, get, deliver } = await appWithMessages();
  const order = eventsOfOrder();
  await deliver(order.placed(), order.paid());
  await db.query('UPDATE recipients SET customer_id = NULL');
  expect((await get('/api/notifications', await as.customer())).body.items).toEqual([]);
  expect((await get('/api/notifications')).body.items).toHaveLength(1);
});

test.each(['/api/notifications', `/api/notifications/${newId()}`])(
  '%s is not for sellers, and for nobody without a token',
  async (path) => {
    const { get } = await appWithMessages();
    expect((await get(path, {}).expect(401)).body.code).toBe('unauthenticated');
    expect((await get(path, await as.seller()).expect(403)).body.code).toBe('forbidden');
  },
);

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
