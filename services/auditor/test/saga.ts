import { customerIdOf, newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import { v7 } from 'uuid';

/** The id of an order that nobody waits for any more. */
export const oldId = () => v7({ msecs: Date.now() - 60_000 });

export const total = { amount: 900, currency: 'EUR' };

/** An order of Ada's from the shop, as the order service tells of it. */
export function placed(orderId = newId(), { email = 'ada@example.org', sellerId = 'shop' } = {}) {
  const customer = { id: customerIdOf(email), name: 'Ada', email };
  const item = { productId: newId(), quantity: 2, sku: 'TEA', name: 'Tea', unitPrice: total };
  return anEvent(
    'order.placed',
    { orderId, customer, sellerId, items: [item], total, confirmation: 'automatic', guest: false },
    { actor: `customer:${customer.id}` },
  );
}

/** One of many events of an order. */
export const shipped = (orderId: string, sequence = 2, trackingNumber?: string) =>
  anEvent('order.shipped', { orderId, trackingNumber }, { sequence });

/** A short saga whose inventory has a clock that is a minute behind. */
export function saga(orderId = newId()) {
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
    {
      orderId,
      customerId: newId(),
      sellerId: 'shop',
      total,
      paymentMethod: null,
      expiresAt: '2026-01-01T10:30:00.000Z',
    },
    { sequence: 3, causationid: reserved.id, correlationid, time: '2026-01-01T10:00:00.050Z', attempt: 2 },
  );
  return { orderId, correlationid, events: [requested, reserved, confirmed] as const };
}
