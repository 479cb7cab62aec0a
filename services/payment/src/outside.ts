import type { DisputeStatus } from '@orderflow/contracts/order';
import { ProblemError } from '@orderflow/service-kit/problem';
import {
  chargeOf,
  type Decision,
  type Outside,
  type Payment,
  refundOf,
  silently,
  type Told,
} from './domain.ts';

/** What the provider says of a charge, in its own units: of how much it was, and what became of it by hand. */
export type AtProvider = {
  charge: string;
  charged: number;
  refunded: number;
  /** Of the last refund. */
  reference: string | null;
  dispute: { reference: string; status: DisputeStatus; amount: number } | null;
};

/**
 * Takes in what was done by hand at the provider. It changes no state of the order: whoever did it knows why. What is left
 * to refund becomes less. Throws `unavailable` while the charge itself has no answer here: it is to be reported again.
 */
export function seenAtProvider(payment: Payment, seen: AtProvider): Decision {
  if (payment.status === 'CHARGING') {
    throw new ProblemError('unavailable', 'The charge is not written down yet. Deliver this again.', {
      retryAfter: 60,
    });
  }
  if (payment.providerReference !== seen.charge) return silently(payment);
  const outside = outsideOf(payment, seen);
  if (isSame(payment.outside, outside)) return silently(payment);
  const next = { ...payment, outside };
  const told: Told = { type: 'payment.changed-at-provider', data: { ...chargeOf(payment), ...toldOf(next) } };
  if (payment.status !== 'REFUNDING') return { payment: next, events: [told] };
  // It is asked for anew, by another key: what was asked for before is more than is left.
  const after = refundOf(next);
  return { payment: after.payment, events: [told, ...after.events] };
}

function outsideOf({ amount }: Payment, { charged, refunded, reference, dispute }: AtProvider): Outside {
  // By their part of the charge: the provider's units are not everywhere ours.
  const ours = (units: number) => partOf(amount!.amount, units, charged);
  return {
    refunded: ours(refunded),
    reference,
    dispute: dispute && { ...dispute, amount: ours(dispute.amount) },
  };
}

/** Rounded to the nearest, without the errors of floating point. */
const partOf = (amount: number, part: number, whole: number): number =>
  Number((2n * BigInt(amount) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)));

const nothing: Outside = { refunded: 0, reference: null, dispute: null };

function isSame(before: Outside | null, now: Outside): boolean {
  const was = before ?? nothing;
  return (
    was.refunded === now.refunded &&
    was.dispute?.reference === now.dispute?.reference &&
    was.dispute?.status === now.dispute?.status &&
    was.dispute?.amount === now.dispute?.amount
  );
}

function toldOf({ amount, outside }: Payment & { outside: Outside }) {
  const money = (units: number) => ({ ...amount!, amount: units });
  const { refunded, dispute } = outside;
  return { refunded: money(refunded), dispute: dispute && { ...dispute, amount: money(dispute.amount) } };
}
