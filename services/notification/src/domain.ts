import type { Event } from '@orderflow/contracts/events';
import { type Contact, type Content, write } from './templates.ts';

export type Channel = 'email' | 'sms';

/** A message that an event asks for, before it is known whom to send it to. */
export type Wish = Content & { channel: Channel };

export type ToldEvent = Event<
  | 'order.placed'
  | 'order.confirmed'
  | 'order.paid'
  | 'order.shipped'
  | 'order.fulfilled'
  | 'order.cancelled'
  | 'payment.refunded'
>;

/** Which messages an event asks for: at most one for each channel. */
export function wishesOf(event: ToldEvent): Wish[] {
  switch (event.type) {
    case 'order.placed':
      // An automatic one is confirmed or cancelled within seconds, and that has its own message.
      return event.data.confirmation === 'seller' ? [email('order-placed', event.data)] : [];
    case 'order.confirmed':
      // With a payment method, or for free, it is paid or cancelled at once.
      return event.data.paymentMethod === null && !event.data.chargedAtOnce && event.data.total.amount > 0
        ? [email('order-confirmed', event.data)]
        : [];
    case 'order.paid':
      return [email('order-paid', event.data)];
    case 'order.shipped':
      return [
        email('order-shipped', event.data),
        { channel: 'sms', template: 'order-shipped-sms', data: event.data },
      ];
    case 'order.fulfilled':
      return [email('order-fulfilled', event.data)];
    case 'order.cancelled':
      return [email('order-cancelled', event.data)];
    case 'payment.refunded':
      return event.data.amount.amount > 0 ? [email('payment-refunded', event.data)] : [];
  }
}

const email = <T extends Content['template']>(
  template: T,
  data: Extract<Content, { template: T }>['data'],
): Wish => ({ channel: 'email', template, data }) as Wish;

export type Addressed = { recipient: string; subject: string; body: string };

/** The message to this contact; none when the contact has no such channel. */
export function address(wish: Wish, contact: Contact): Addressed | undefined {
  const recipient = wish.channel === 'email' ? contact.email : contact.phone;
  if (!recipient) return undefined;
  const { subject, text } = write(wish, contact);
  return { recipient, subject, body: text };
}

export const contactOf = ({ data }: Event<'order.placed'>): Contact => ({
  name: data.customer.name,
  email: data.customer.email,
  phone: data.customer.phone ?? null,
  items: data.items.map(({ name, quantity, unitPrice }) => ({ name, quantity, unitPrice })),
  total: data.total,
});

/** A message as it is handed to a mail server or an SMS gateway. */
export type Outgoing = { id: string /** A mail about an account has none. */; orderId?: string } & Addressed;

/** The answer of the outside: it took the message, or it never will as it stands. No answer is an error. */
export type Answer = { accepted: true } | { accepted: false; reason: string };

/** Hands a message over. Throws when the outside refused it for now, or when what it did is not known. */
export type Send = (message: Outgoing) => Promise<Answer>;

/** Some servers say "never" and mean "not today": so many times, and it is believed. */
export const MAX_REJECTIONS = 5;
