import { problem } from '@orderflow/contracts/errors';
import { pageOf, timelineView } from '@orderflow/contracts/http';
import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import request from 'supertest';
import { expect, test } from 'vitest';
import { auditorHarness } from '../test/harness.ts';
import { auditEvent } from './views.ts';

const auditPage = pageOf(auditEvent);

const money = { amount: 900, currency: 'EUR' };

/** A short saga whose inventory has a clock that is a minute behind. */
function saga(orderId = newId()) {
  const correlationid = newId();
  const requested = anEvent(
    'order.confirmation-requested',
    { orderId, items: [{ productId: newId(), quantity: 1 }] },
    { sequence: 2, correlationid, time: '2026-01-01T10:00:00.000Z' },
  );
  const reserved = anEvent(
    'inventory.reserved',
    { orderId, expiresAt: '2026-01-01T10:30:00.000Z', items: [] },
    { causationid: requested.id, correlationid, time: '2026-01-01T09:59:00.000Z' },
  );
  const confirmed = anEvent(
    'order.confirmed',
    { orderId, total: money, paymentMethod: null, expiresAt: '2026-01-01T10:30:00.000Z' },
    { sequence: 3, causationid: reserved.id, correlationid, time: '2026-01-01T10:00:00.050Z', attempt: 2 },
  );
  return { orderId, correlationid, events: [requested, reserved, confirmed] as const };
}

test('the timeline of an order shows every event of its saga, causes before what they led to', async () => {
  const { app, record } = await auditorHarness();
  const { orderId, correlationid, events } = saga();
  await record([events[2], events[0], events[1], ...saga().events]);
  const response = await request(app).get(`/api/orders/${orderId}/timeline`).expect(200);
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

test.each([
  ['an order that nothing is known of', newId()],
  ['what is not an id', 'nonsense'],
])('the timeline of %s is not found', async (_what, id) => {
  const { app } = await auditorHarness();
  const response = await request(app).get(`/api/orders/${id}/timeline`).expect(404);
  expect(response.type).toBe('application/problem+json');
  expect(problem.parse(response.body).code).toBe('not_found');
});

test('the audit log is walked by cursor, newest first, each event once', async () => {
  const { app, record } = await auditorHarness();
  const recorded = [saga(), saga(), saga()].flatMap(({ events }) => events);
  await record([...recorded]);
  const seen: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages++) {
    const response = await request(app).get(`/api/audit/events?limit=2${cursor}`).expect(200);
    const page = auditPage.parse(response.body);
    seen.push(...page.items.map((event) => event.eventId));
    cursor = `&cursor=${page.nextCursor}`;
    expect(page.nextCursor === null).toBe(pages === 4);
  }
  expect(seen).toEqual(recorded.map(({ id }) => id).reverse());
});

test('the audit log is filtered by type, source, order and correlation id', async () => {
  const { app, record } = await auditorHarness();
  const [one, two] = [saga(), saga()];
  await record([...one.events, ...two.events]);
  const idsOf = async (query: string) =>
    auditPage
      .parse((await request(app).get(`/api/audit/events?${query}`).expect(200)).body)
      .items.map((event) => event.eventId)
      .sort();
  expect(await idsOf('type=inventory.reserved')).toEqual([one.events[1].id, two.events[1].id].sort());
  expect(await idsOf(`source=order&orderId=${one.orderId}`)).toEqual(
    [one.events[0].id, one.events[2].id].sort(),
  );
  expect(await idsOf(`correlationId=${two.correlationid}`)).toEqual(two.events.map(({ id }) => id).sort());
  expect(await idsOf('type=nobody.knows')).toEqual([]);
});

test.each([
  ['limit=0', 'limit'],
  ['orderId=1', 'orderId'],
  ['type=%00', 'type'],
  ['correlationId=a%20b', 'correlationId'],
])('an audit log asked for with %s is refused, and the field named', async (query, field) => {
  const { app } = await auditorHarness();
  const response = await request(app).get(`/api/audit/events?${query}`).expect(400);
  expect(problem.parse(response.body).errors?.map(({ path }) => path)).toEqual([field]);
});

test('a cursor that was made up is refused', async () => {
  const { app } = await auditorHarness();
  const response = await request(app).get('/api/audit/events?cursor=abc').expect(400);
  expect(problem.parse(response.body).code).toBe('invalid_request');
});
