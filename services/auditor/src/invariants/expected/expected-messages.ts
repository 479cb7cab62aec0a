import type { MessageEntry } from '@orderflow/contracts/ledgers';
import { type Expected, oneOf } from './compare.ts';
import type { RecordedEvent, Tale, Told } from './recorded-events.ts';

type Message = { template: string; recipient: string; correlationId: string };

/** Messages as they are compared: by channel and event. */
export type MessageFields = Omit<MessageEntry, 'messages'> & { messages: Record<string, Message> };

export const messageName = (channel: string, eventId: string) => `${channel} about event ${eventId}`;

/** How the customer of an order is reached, and each message that its events ask for. */
export function expectedMessages(
  tale: Tale,
  { placed }: { placed: Told<'order.placed'> },
): Expected<MessageFields> {
  const { customer, items, total } = placed.data;
  const messages: Record<string, Message> = {};
  for (const event of tale.all) {
    for (const { channel, template } of wishesOf(event as Told<'order.placed'>)) {
      const recipient = channel === 'email' ? customer.email : customer.phone;
      if (!recipient) continue;
      messages[messageName(channel, event.id)] = {
        template,
        recipient,
        correlationId: event.correlationId,
      };
    }
  }
  return {
    // Rows from before it was kept have none.
    customerId: oneOf(customer.id, null),
    contact: {
      name: customer.name,
      email: customer.email,
      phone: customer.phone ?? null,
      items: items.map(({ name, quantity, unitPrice }) => ({ name, quantity, unitPrice })),
      total,
    },
    messages,
  };
}

const email = (template: string) => ({ channel: 'email', template });

type Asking = 'order.placed' | 'order.confirmed' | 'payment.refunded';

/** The messages that an event asks for. It is written again here, so that the auditor is no copy of notification. */
function wishesOf(event: { [T in Asking]: Told<T> }[Asking] | RecordedEvent) {
  switch (event.type) {
    case 'order.placed':
      return (event as Told<'order.placed'>).data.confirmation === 'seller' ? [email('order-placed')] : [];
    case 'order.confirmed': {
      const { paymentMethod, total } = (event as Told<'order.confirmed'>).data;
      return paymentMethod === null && total.amount > 0 ? [email('order-confirmed')] : [];
    }
    case 'order.paid':
      return [email('order-paid')];
    case 'order.shipped':
      return [email('order-shipped'), { channel: 'sms', template: 'order-shipped-sms' }];
    case 'order.fulfilled':
      return [email('order-fulfilled')];
    case 'order.cancelled':
      return [email('order-cancelled')];
    case 'payment.refunded':
      return (event as Told<'payment.refunded'>).data.amount.amount > 0 ? [email('payment-refunded')] : [];
    default:
      return [];
  }
}
