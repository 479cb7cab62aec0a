import { newId } from '@orderflow/contracts/ids';
import { anEvent } from '@orderflow/testing/events';
import fc from 'fast-check';
import type { Decision, Order } from '../src/domain.ts';

export const items = [{ productId: newId(), quantity: 2 }];
export const total = { amount: 2999, currency: 'EUR' };
export const expiresAt = '2026-01-01T00:30:00.000Z';

export const anOrder = (changes: Partial<Order> = {}): Order => ({
  id: newId(),
  customerId: newId(),
  sellerId: 'seller-1',
  status: 'PENDING',
  cancelReason: null,
  message: null,
  paymentStatus: 'NONE',
  paymentMethod: 'pm_card_visa',
  confirmationRequested: true,
  total,
  trackingNumber: null,
  expiresAt: null,
  refundedAtProvider: 0,
  dispute: null,
  providerSequence: 0,
  ...changes,
});

export const typesOf = ({ events }: Decision) => events.map((event) => event.type);

/** The facts other services may tell about an order. */
export const factsAbout = (orderId: string) => {
  const charge = { orderId, paymentId: newId(), amount: total };
  return {
    reserved: anEvent('inventory.reserved', { orderId, expiresAt, items }),
    rejected: anEvent('inventory.rejected', {
      orderId,
      shortages: [{ productId: items[0]!.productId, requested: 2, available: 1 }],
    }),
    expired: anEvent('inventory.expired', { orderId }),
    captured: anEvent('payment.captured', { ...charge, providerReference: 'ch_1' }),
    declined: anEvent('payment.declined', { ...charge, code: 'card_declined', message: 'no' }),
    voided: anEvent('payment.voided', charge),
    refunded: anEvent('payment.refunded', { ...charge, providerReference: 're_1' }),
    changed: anEvent(
      'payment.changed-at-provider',
      { ...charge, refunded: { ...total, amount: 999 }, dispute: null },
      { sequence: 2 },
    ),
  };
};
export type Fact = keyof ReturnType<typeof factsAbout>;

/** What happened to an order: a fact of another service, or the customer's wish to cancel. */
export type Step = Fact | 'cancel';

/** All that happened, in any order, some of it heard of more than once, and perhaps a cancellation anywhere. */
export const anyOrderOf = (facts: Fact[]) =>
  fc
    .tuple(fc.array(fc.constantFrom(...facts), { maxLength: facts.length }), fc.boolean())
    .chain(([again, cancels]) => {
      const steps: Step[] = [...facts, ...again, ...(cancels ? (['cancel'] as const) : [])];
      return fc.shuffledSubarray(steps, { minLength: steps.length });
    });

/** What the other services can say in the course of one order, in the order in which they say it. */
export const sagas: Fact[][] = [
  ['reserved', 'captured'],
  ['reserved', 'declined'],
  ['rejected'],
  ['reserved', 'expired'],
  ['reserved', 'expired', 'voided'],
  ['reserved', 'captured', 'refunded'],
  ['reserved', 'captured', 'changed'],
];
