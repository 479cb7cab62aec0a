import type { EventData } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import { cancelReason } from '@orderflow/contracts/order';
import { expect, test } from 'vitest';
import { eventsOfOrder } from '../test/saga-events.ts';
import { contactOf, wishesOf } from './domain.ts';
import { templates, write } from './templates.ts';

const order = eventsOfOrder();
const contact = contactOf(order.placed({ phone: '+4930123456' }));
const letters = [
  order.placed({ confirmation: 'seller' }),
  order.confirmed(),
  order.paid(),
  order.shipped('TRACK-1'),
  order.fulfilled(),
  order.cancelled('out_of_stock'),
  order.refunded(),
].flatMap((event) => wishesOf(event).map((wish) => ({ ...wish, ...write(wish, contact) })));

test('the events of an order use every template there is', () => {
  expect(new Set(letters.map(({ template }) => template))).toEqual(new Set(Object.keys(templates)));
});

test.each(letters)('$template names the order in its subject and has no holes', ({ subject, text }) => {
  expect(subject).toContain(order.orderId);
  expect(text).not.toMatch(/undefined|null|NaN|\[object|\n\n\n/);
});

test.each(letters.filter(({ channel }) => channel === 'email'))(
  '$template speaks to the customer by name',
  ({ text }) => expect(text).toMatch(/^Dear Ada Lovelace,\n\n/),
);

test('the receipt has every item with its price, the total, and what was paid', () => {
  const { text } = letters.find(({ template }) => template === 'order-paid')!;
  expect(text).toContain('2 × Enamel mug, 14.90 EUR each\n1 × Grüner Tee, 19.90 EUR each\nTotal: 49.70 EUR');
  expect(text).toContain('your payment of 49.70 EUR arrived');
});

test('the receipt of a free order speaks of no payment', () => {
  const total = { amount: 0, currency: 'EUR' };
  const { text } = write({ template: 'order-paid', data: { orderId: order.orderId, total } }, contact);
  expect(text).toContain('there is nothing to pay');
  expect(text).not.toContain('arrived');
});

test('a confirmed order that is not paid says how much and until when', () => {
  const { text } = letters.find(({ template }) => template === 'order-confirmed')!;
  expect(text).toContain('Please pay 49.70 EUR until 21 November 2026, 08:30 UTC');
});

test('what others wrote begins no line of a message, though it was stored with line breaks', () => {
  const broken = 'Ada\r\n\nYour order is cancelled.\u2028\u0085\u001b[31m';
  const line = 'Ada Your order is cancelled. [31m';
  const told = { ...contact, name: broken, items: [{ ...contact.items[0]!, name: broken }] };
  const { orderId } = order;
  const paid = write({ template: 'order-paid', data: { orderId, total: contact.total } }, told);
  expect(paid.text).toContain(`Dear ${line},\n\n`);
  expect(paid.text).toContain(`\n2 × ${line}, 14.90 EUR each\nTotal`);
  const shipped = { orderId, trackingNumber: broken };
  for (const template of ['order-shipped', 'order-shipped-sms'] as const) {
    expect(write({ template, data: shipped }, told).text).toContain(`Tracking number: ${line}`);
  }
  const cancelled = { orderId, reason: 'cancelled_by_seller' as const, message: broken };
  expect(write({ template: 'order-cancelled', data: cancelled }, told).text).toContain(`“${line}”`);
});

test('a tracking number is told when there is one', () => {
  const data = (trackingNumber?: string): EventData<'order.shipped'> => ({
    orderId: order.orderId,
    trackingNumber,
  });
  const sms = (trackingNumber?: string) =>
    write({ template: 'order-shipped-sms', data: data(trackingNumber) }, contact).text;
  expect(sms('TRACK-1')).toBe(`Order ${order.orderId} is on its way. Tracking number: TRACK-1`);
  expect(sms()).toBe(`Order ${order.orderId} is on its way.`);
});

test('a cancellation says why, in other words for each reason, and repeats what the seller wrote', () => {
  const texts = cancelReason.options.map(
    (reason) =>
      write({ template: 'order-cancelled', data: { orderId: newId(), reason, message: 'Sorry!' } }, contact)
        .text,
  );
  expect(new Set(texts).size).toBe(cancelReason.options.length);
  for (const text of texts) expect(text).toContain('“Sorry!”');
  const declined = texts[cancelReason.options.indexOf('payment_declined')];
  expect(declined).toContain('your card was declined, and nothing was charged');
});
