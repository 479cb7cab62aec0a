import { problem } from '@orderflow/contracts/errors';
import { timelineView } from '@orderflow/contracts/http/audit';
import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { eventually } from '@orderflow/testing/eventually';
import { as } from '@orderflow/testing/tokens';
import request from 'supertest';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { oldId, placed, saga, shipped, total } from '../test/saga.ts';

test('the timeline of an order shows every event of its saga, causes before what they led to', async () => {
  const { app, record } = await auditorHarness();
  const { orderId, correlationid, events } = saga();
  await record([events[2], events[0], events[1], ...saga().events]);
  const response = await request(app)
    .get(`/api/orders/${orderId}/timeline`)
    .set(await as.admin())
    .expect(200);
  const timeline = timelineView.parse(response.body);
  expect(timeline.orderId).toBe(orderId);
  expect(timeline.events.map((event) => event.type)).toEqual([
    'order.confirmation-requested',
    'inventory.reserved',
    'order.confirmed',
  ]);
  expect(timeline.events[2]).toEqual({
    eventId: events[2].id,
    type: 'order.confirmed',
    source: 'order',
    sequence: 3,
    time: '2026-01-01T10:00:00.050Z',
    recordedAt: expect.any(String),
    actor: 'test',
    correlationId: correlationid,
    causationId: events[1].id,
    attempt: 2,
    data: events[2].data,
  });
});

test('an event of the order says where it leads the order, and so does its line of the timeline', async () => {
  const { app, record } = await auditorHarness();
  const order = placed();
  const { orderId } = order.data;
  const move = { previousStatus: 'PAID', status: 'SHIPPED' } as const;
  await record([
    { ...order, data: { ...order.data, previousStatus: null, status: 'PENDING' } },
    anEvent('order.shipped', { orderId, ...move }, { sequence: 2 }),
    anEvent('payment.voided', { orderId, paymentId: newId(), amount: total, ...move }, { sequence: 1 }),
  ]);
  const { body } = await request(app)
    .get(`/api/orders/${orderId}/timeline`)
    .set(await as.admin());
  const lines = Object.fromEntries(timelineView.parse(body).events.map((line) => [line.type, line]));
  expect(lines['order.placed']).toMatchObject({ previousStatus: null, status: 'PENDING' });
  expect(lines['order.shipped']).toMatchObject({ ...move, data: move });
  expect(lines['payment.voided']).not.toHaveProperty('status');
});

test.each([
  ['an order that nothing is known of', oldId()],
  ['what is not an id', 'nonsense'],
])('the timeline of %s is not found', async (_what, id) => {
  const { app } = await auditorHarness();
  const response = await request(app)
    .get(`/api/orders/${id}/timeline`)
    .set(await as.admin())
    .expect(404);
  expect(response.type).toBe('application/problem+json');
  expect(problem.parse(response.body).code).toBe('not_found');
});

test('the live events of an order that was placed this moment are waited for', async () => {
  const { follow, record } = await auditorHarness();
  const orderId = newId();
  const opening = follow(orderId, await as.customer('ada@example.org'));
  await record([shipped(orderId)]);
  await record([placed(orderId, { email: 'ada@example.org' })]);
  const stream = await opening;
  expect(stream.response.status).toBe(200);
  await eventually(() => expect(stream.types()).toEqual(['order.shipped', 'order.placed']));
});

test.each(['timeline', 'events'])(
  'the %s of an order is for its customer, its seller and the staff',
  async (what) => {
    const { app, record, follow } = await auditorHarness();
    const orderId = oldId();
    await record([placed(orderId, { email: 'ada@example.org', sellerId: 'shop' }), shipped(orderId)]);
    const status = async (headers: Record<string, string>) => {
      if (what === 'timeline')
        return (await request(app).get(`/api/orders/${orderId}/timeline`).set(headers)).status;
      const stream = await follow(orderId, headers);
      stream.leave();
      return stream.response.status;
    };
    expect(await status({})).toBe(401);
    expect(await status(await as.customer('ada@example.org'))).toBe(200);
    expect(await status(await as.customer('eve@example.org'))).toBe(404);
    expect(await status(await as.seller('shop'))).toBe(200);
    expect(await status(await as.seller('another'))).toBe(404);
    expect(await status(await as.admin())).toBe(200);
    expect(await status(await as.service())).toBe(200);
  },
);

test("somebody else's order is answered in the words for one that does not exist", async () => {
  const { app, record } = await auditorHarness();
  const [theirs, nobodys] = [oldId(), oldId()];
  await record([placed(theirs)]);
  const eve = await as.customer('eve@example.org');
  const words = async (id: string) => {
    const response = await request(app).get(`/api/orders/${id}/timeline`).set(eve).expect(404);
    return problem.parse(response.body).detail.replace(id, 'ID');
  };
  expect(await words(theirs)).toBe(await words(nobodys));
});

test("an order is nobody's until its placing is recorded, even when that comes last", async () => {
  const { app, record } = await auditorHarness();
  const orderId = oldId();
  const ada = await as.customer('ada@example.org');
  await record([shipped(orderId)]);
  await request(app).get(`/api/orders/${orderId}/timeline`).set(ada).expect(404);
  await record([placed(orderId)]);
  await request(app).get(`/api/orders/${orderId}/timeline`).set(ada).expect(200);
});
