import type { MessageEntry } from '@orderflow/contracts/ledgers';
import { type Expected, type Matcher, optional } from './compare.ts';
import type { RecordedEvent, Tale, Told } from './recorded-events.ts';

type Message = { template: string; recipient: string; correlationId: string };

/** Messages as they are compared: by channel and event. */
export type MessageFields = Omit<MessageEntry, 'messages'> & { messages: Record<string, Message | Matcher> };

export const messageName = (channel: string, eventId: string) => `${channel} about event ${eventId}`;

/** How the customer of an order is reached, and each message that its events ask for. */
export function expectedMessages(
  tale: Tale,
  { placed }: { placed: Told<'order.placed'> },
): Expected<MessageFields> {
  const { customer, items, total } = placed.data;
  const messages: Record<string, Message | Matcher> = {};
  for (const event of tale.all) {
    for (const { channel, template, mayBeMissing } of wishesOf(event as Told<'order.placed'>)) {
      const recipient = channel === 'email' ? customer.email : customer.phone;
      if (!recipient) continue;
      const message = { template, recipient, correlationId: event.correlationId };
      messages[messageName(channel, event.id)] = mayBeMissing ? optional(message) : message;
    }
  }
  return {
    customerId: customer.id,
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

type Wish = { channel: string; template: string; mayBeMissing?: boolean };

/** Who paid nothing was told of it once, and is not any more. */
const email = (template: string, { mayBeMissing = false } = {}): Wish => ({
  channel: 'email',
  template,
  mayBeMissing,
});

type Asking = 'order.placed' | 'order.confirmed' | 'payment.refunded';

/** The messages that an event asks for. It is written again here, so that the auditor is no copy of notification. */
function wishesOf(event: { [T in Asking]: Told<T> }[Asking] | RecordedEvent): Wish[] {
  switch (event.type) {
    case 'order.placed':
      return (event as Told<'order.placed'>).data.confirmation === 'seller' ? [email('order-placed')] : [];
    case 'order.confirmed': {
      const { paymentMethod, chargedAtOnce, total } = (event as Told<'order.confirmed'>).data;
      if (paymentMethod !== null) return [];
      // A notification of the last release, which may run beside this one, knows no `chargedAtOnce`.
      return [email('order-confirmed', { mayBeMissing: chargedAtOnce || total.amount === 0 })];
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
      return [
        email('payment-refunded', {
          mayBeMissing: (event as Told<'payment.refunded'>).data.amount.amount === 0,
        }),
      ];
    default:
      return [];
  }
}
