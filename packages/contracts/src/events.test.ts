import { expect, test } from 'vitest';
import { type Event, events, readEvent, UnreadableEvent } from './events.ts';
import { consumersOf, groupsOf, streamsOf } from './groups.ts';
import { newId } from './ids.ts';

const paid = (changes: object = {}) =>
  JSON.stringify({
    specversion: '1.0',
    id: newId(),
    type: 'order.paid',
    source: 'order',
    subject: newId(),
    time: new Date().toISOString(),
    dataschema: 'urn:orderflow:order.paid:1',
    sequence: 1,
    correlationid: 'c',
    actor: 'guest',
    attempt: 1,
    data: { orderId: newId(), total: { amount: 1, currency: 'EUR' } },
    ...changes,
  });

test('an event is read with the data of its type', () => {
  const event = readEvent(paid()) as Event<'order.paid'>;
  expect(event.data.total).toEqual({ amount: 1, currency: 'EUR' });
});

test('an event type that nobody has heard of is passed over', () => {
  expect(readEvent(paid({ type: 'order.gift-wrapped' }))).toBeUndefined();
});

test.each([
  ['no JSON', '{'],
  ['no envelope', '{"type":"order.paid"}'],
  ['a future version', paid({ dataschema: 'urn:orderflow:order.paid:2' })],
  ['data of another shape', paid({ data: { orderId: 'x' } })],
])('%s is unreadable, and says why', (_name, body) => {
  expect(() => readEvent(body)).toThrow(UnreadableEvent);
});

test('every event has a consumer besides the auditor, or says by its absence that it is for the record', () => {
  const forTheRecord = Object.keys(events).filter(
    (type) => consumersOf(type as keyof typeof events).length === 1,
  );
  expect(forTheRecord).toEqual([
    'inventory.released',
    'inventory.shipped',
    'payment.blocked',
    'payment.resolved',
    'notification.sent',
    'customer.created',
    'account.password-changed',
    'account.sessions-ended',
    'account.access-changed',
  ]);
});

test('a group reads exactly the streams that list it', () => {
  expect(streamsOf('payment')).toEqual(['order']);
  expect(groupsOf('payment')).toEqual(['order', 'notification', 'auditor']);
});
