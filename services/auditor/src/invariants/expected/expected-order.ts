import type { OrderEntry } from '@orderflow/contracts/ledgers';
import type { OrderStatus } from '@orderflow/contracts/order';
import { type Expected, timeWithin } from './compare.ts';
import type { Tale, Told } from './recorded-events.ts';

const statusAfter: Record<string, OrderStatus> = {
  'order.placed': 'PENDING',
  'order.confirmation-requested': 'PENDING',
  'order.confirmed': 'CONFIRMED',
  'order.paid': 'PAID',
  'order.shipped': 'SHIPPED',
  'order.fulfilled': 'FULFILLED',
  'order.cancelled': 'CANCELLED',
};

/** The row of an order by its events. What only the row knows, such as the caller's reference, is left out. */
export function expectedOrder(
  tale: Tale,
  { placed, readAt }: { placed: Told<'order.placed'>; readAt: number },
): Expected<OrderEntry> {
  const { customer, items, total, shippingAddress, confirmation, guest, sellerId } = placed.data;
  const own = tale.all.filter(({ source, type }) => source === 'order' && type in statusAfter);
  const latest = own.reduce((last, event) => (event.sequence > last.sequence ? event : last));
  const status = statusAfter[latest.type]!;
  const confirmed = tale.last('order.confirmed');
  const cancelled = tale.last('order.cancelled');
  return {
    status,
    cancelReason: cancelled?.data.reason ?? null,
    message: cancelled?.data.message ?? null,
    trackingNumber: tale.last('order.shipped')?.data.trackingNumber ?? null,
    paymentStatus: paymentStatusOf(tale) ?? (status === 'CONFIRMED' ? 'DUE' : 'NONE'),
    refundedAtProvider: tale.last('payment.changed-at-provider')?.data.refunded.amount ?? 0,
    dispute: tale.last('payment.changed-at-provider')?.data.dispute?.status ?? null,
    // A method of the customer's is in no event.
    paymentMethod: confirmed?.data.chargedAtOnce ? undefined : confirmed?.data.paymentMethod,
    confirmation,
    confirmationRequested: tale.last('order.confirmation-requested') !== undefined,
    customerId: customer.id,
    customerName: customer.name,
    customerEmail: customer.email,
    customerPhone: customer.phone ?? null,
    guest,
    sellerId,
    shippingAddress: shippingAddress ?? null,
    correlationId: placed.correlationId,
    sequence: latest.sequence,
    total: total.amount,
    currency: total.currency,
    items: items.map(({ productId, quantity, sku, name, unitPrice }, i) => ({
      ...{ line: i + 1, productId, quantity, sku, name },
      unitPrice: unitPrice.amount,
    })),
    expiresAt: status === 'CONFIRMED' ? confirmed?.data.expiresAt : null,
    placedAt: timeWithin(placed.time, placed.time),
    updatedAt: timeWithin(latest.time, readAt),
  };
}

/** The order's own copy of the state of its payment, once there is news of it. */
function paymentStatusOf({ last }: Tale): string | undefined {
  if (last('payment.refunded')) return 'REFUNDED';
  if (last('payment.captured')) return 'CAPTURED';
  if (last('payment.declined')) return 'DECLINED';
  return last('payment.voided') && 'VOIDED';
}
