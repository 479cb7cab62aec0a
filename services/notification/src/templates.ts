import type { EventData } from '@orderflow/contracts/events';
import { formatMoney, type Money } from '@orderflow/contracts/money';
import type { CancelReason, OrderLine } from '@orderflow/contracts/order';
import { oneLine } from './one-line.ts';

/** Who an order's messages go to, and what they tell of the order itself. */
export type Contact = {
  name: string;
  email: string;
  phone: string | null;
  items: Pick<OrderLine, 'name' | 'quantity' | 'unitPrice'>[];
  total: Money;
  /** To the order, for a guest. */
  link?: string;
};

export type Text = { subject: string; text: string };

/** Every message there is, in the words the customer reads. */
export const templates = {
  'order-placed': (contact: Contact, { orderId }: EventData<'order.placed'>) =>
    letter(contact, {
      subject: `Order ${orderId}: we passed it to the seller`,
      paragraphs: [
        'Thank you for your order. We passed it to the seller and write again as soon as it is confirmed.',
        receipt(contact),
      ],
    }),

  'order-confirmed': (contact: Contact, { orderId, total, expiresAt }: EventData<'order.confirmed'>) =>
    letter(contact, {
      subject: `Order ${orderId} is confirmed, please pay`,
      paragraphs: [
        `Your order is confirmed. Please pay ${formatMoney(total)} until ${forPeople(expiresAt)}: until then the items are held for you.`,
        receipt(contact),
      ],
    }),

  'order-paid': (contact: Contact, { orderId, total }: EventData<'order.paid'>) =>
    letter(contact, {
      subject: `Order ${orderId} is confirmed and paid`,
      paragraphs: [
        total.amount > 0
          ? `Thank you. Your order is confirmed, and your payment of ${formatMoney(total)} arrived.`
          : 'Thank you. Your order is confirmed, and there is nothing to pay.',
        receipt(contact),
      ],
    }),

  'order-shipped': (contact: Contact, { orderId, trackingNumber }: EventData<'order.shipped'>) =>
    letter(contact, {
      subject: `Order ${orderId} is on its way`,
      paragraphs: ['The seller handed your order to the carrier.', tracking(trackingNumber)],
    }),

  'order-shipped-sms': (_contact: Contact, { orderId, trackingNumber }: EventData<'order.shipped'>) => ({
    subject: `Order ${orderId} is on its way`,
    text: `Order ${orderId} is on its way. ${tracking(trackingNumber)}`.trim(),
  }),

  'order-fulfilled': (contact: Contact, { orderId }: EventData<'order.fulfilled'>) =>
    letter(contact, {
      subject: `Order ${orderId} is complete`,
      paragraphs: ['Your order was delivered. We hope it is all you wished for.'],
    }),

  'order-cancelled': (contact: Contact, { orderId, reason, message }: EventData<'order.cancelled'>) =>
    letter(contact, {
      subject: `Order ${orderId} is cancelled`,
      paragraphs: [`Your order is cancelled: ${reasons[reason]}`, message ? `“${oneLine(message)}”` : ''],
    }),

  'payment-refunded': (contact: Contact, { orderId, amount }: EventData<'payment.refunded'>) =>
    letter(contact, {
      subject: `Order ${orderId}: your money is on its way back`,
      paragraphs: [
        `We sent ${formatMoney(amount)} back the way you paid. Your bank may take some days to show it.`,
      ],
    }),
} satisfies Record<string, (contact: Contact, data: never) => Text>;

export type TemplateName = keyof typeof templates;

/** A template and what it needs besides the contact. */
export type Content = {
  [N in TemplateName]: { template: N; data: Parameters<(typeof templates)[N]>[1] };
}[TemplateName];

export const write = ({ template, data }: Content, contact: Contact): Text =>
  (templates[template] as (contact: Contact, data: Content['data']) => Text)(contact, data);

const maybeBack =
  'If you have paid already, your money goes back by itself, and we write again when it does.';

const reasons: Record<CancelReason, string> = {
  out_of_stock: 'not all of its items are in stock any more. Nothing was charged.',
  payment_declined: 'your card was declined, and nothing was charged.',
  reservation_expired: `it was not paid in time, so the items are on sale again. ${maybeBack}`,
  cancelled_by_customer: `you asked us to. ${maybeBack}`,
  cancelled_by_seller: `the seller could not take it. ${maybeBack}`,
  cancelled_by_admin: `our staff had to cancel it. ${maybeBack}`,
};

const letter = (
  { name, link }: Contact,
  { subject, paragraphs }: { subject: string; paragraphs: string[] },
): Text => ({
  subject,
  text: [`Dear ${oneLine(name)},`, ...paragraphs, link && way(link), 'OrderFlow']
    .filter(Boolean)
    .join('\n\n'),
});

const way = (link: string): string =>
  `Your order. Whoever has this link may see, pay and cancel it:\n${link}`;

const receipt = ({ items, total }: Contact): string =>
  [
    ...items.map(
      ({ name, quantity, unitPrice }) => `${quantity} × ${oneLine(name)}, ${formatMoney(unitPrice)} each`,
    ),
    `Total: ${formatMoney(total)}`,
  ].join('\n');

const tracking = (trackingNumber?: string): string =>
  trackingNumber ? `Tracking number: ${oneLine(trackingNumber)}` : '';

/** `2026-11-21T08:30:00.000Z` → `21 November 2026, 08:30 UTC`. */
export const forPeople = (time: string): string =>
  `${dateFormat.format(new Date(time))}, ${new Date(time).toISOString().slice(11, 16)} UTC`;

const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
