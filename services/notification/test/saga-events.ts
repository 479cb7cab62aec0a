import type { EventData } from '@orderflow/contracts/events';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import type { CancelReason, Confirmation } from '@orderflow/contracts/order';
import { anEvent } from '@orderflow/testing/events';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const total = eur(4970);
const expiresAt = '2026-11-21T08:30:00.000Z';

type Placing = { phone?: string; confirmation?: Confirmation; name?: string };

/** The events of one order, as the services that produce them write them. */
export function eventsOfOrder(orderId: string = newId(), email = 'ada@example.org') {
  const customerId = customerIdOf(email);
  const sellerId = 'seller';
  const charge = { orderId, paymentId: newId(), amount: total };
  return {
    orderId,
    placed: ({ phone, confirmation = 'automatic', name = 'Ada Lovelace' }: Placing = {}) => {
      const data: EventData<'order.placed'> = {
        orderId,
        customer: { id: customerId, name, email, phone },
        sellerId,
        items: [
          { productId: newId(), quantity: 2, sku: 'MUG', name: 'Enamel mug', unitPrice: eur(1490) },
          { productId: newId(), quantity: 1, sku: 'TEA', name: 'Grüner Tee', unitPrice: eur(1990) },
        ],
        total,
        confirmation,
        guest: true,
      };
      return anEvent('order.placed', data);
    },
    confirmed: (paymentMethod: string | null = null) =>
      anEvent('order.confirmed', { orderId, customerId, sellerId, total, paymentMethod, expiresAt }),
    paid: () => anEvent('order.paid', { orderId, total }),
    shipped: (trackingNumber?: string) => anEvent('order.shipped', { orderId, trackingNumber }),
    fulfilled: () => anEvent('order.fulfilled', { orderId }),
    cancelled: (reason: CancelReason, message?: string) =>
      anEvent('order.cancelled', { orderId, reason, message }),
    refunded: () => anEvent('payment.refunded', { ...charge, providerReference: 're_1' }),
  };
}
