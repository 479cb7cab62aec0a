import type { EventData, EventType } from '@orderflow/contracts/events';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import type { RecordedEvent } from '../src/invariants/expected/recorded-events.ts';
import { PRODUCT, THEN } from './books.ts';

export const total = { amount: 1_000, currency: 'EUR' };
const customer = {
  id: customerIdOf('ada@example.org'),
  name: 'Ada',
  email: 'ada@example.org',
  phone: '+4930123456',
};
const orderItems = [{ productId: PRODUCT, quantity: 2 }];

/** The events of an order as the auditor records them: each call adds the next one of its source. */
export function recordedSaga(orderId = newId()) {
  const correlationId = newId();
  const events: RecordedEvent[] = [];
  function add<T extends EventType>(type: T, data: EventData<T>, subject = orderId): RecordedEvent {
    const source = type.startsWith('notification')
      ? 'notification'
      : (sources[type.split('.')[0]!] ?? 'order');
    const sequence =
      events.filter((event) => event.source === source && event.subject === subject).length + 1;
    const time = Date.parse(THEN);
    const event = {
      id: newId(),
      type,
      source,
      subject,
      sequence,
      orderId,
      correlationId,
      time,
      recordedAt: time,
      data,
    };
    events.push(event);
    return event;
  }
  return { orderId, correlationId, events, add };
}

const sources: Record<string, string> = { inventory: 'inventory', payment: 'payment' };

/** An order of two of the product, paid by card, shipped and fulfilled. */
export function fulfilledSaga() {
  const saga = recordedSaga();
  const { orderId, add } = saga;
  const expiresAt = '2026-01-02T03:30:00.000Z';
  const charge = { orderId, paymentId: newId(), amount: total };
  add('order.placed', {
    ...{ orderId, customer, total, sellerId: 'shop', confirmation: 'automatic', guest: false },
    items: [{ ...orderItems[0]!, sku: 'TEA', name: 'Tea', unitPrice: { amount: 500, currency: 'EUR' } }],
  });
  add('order.confirmation-requested', { orderId, items: orderItems });
  add('inventory.reserved', { orderId, expiresAt, items: orderItems });
  add('order.confirmed', {
    ...{
      orderId,
      total,
      expiresAt,
      customerId: customer.id,
      sellerId: 'shop',
      paymentMethod: 'pm_card_visa',
    },
  });
  add('payment.captured', { ...charge, providerReference: 'ch_1' });
  add('order.paid', { orderId, total });
  add('order.shipped', { orderId, trackingNumber: 'T1' });
  add('inventory.shipped', { orderId, items: orderItems });
  add('order.fulfilled', { orderId });
  return { ...saga, charge };
}
