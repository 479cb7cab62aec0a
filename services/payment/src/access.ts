import type { Actor } from '@orderflow/service-kit/auth';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Payment } from './domain.ts';

/** Which payments an actor may see: those of their own orders, or all. */
export function ownOf(actor: Actor): { customerId?: string; sellerId?: string } {
  switch (actor.kind) {
    case 'customer':
      return { customerId: actor.customerId };
    case 'seller':
      return { sellerId: actor.sellerId };
    case 'admin':
    case 'service':
      return {};
    default:
      return actor satisfies never;
  }
}

/** Whether a payment is known to be a customer's, and not of the one who asks. */
export const isOthers = ({ status, customerId }: Payment, actor: Actor): boolean =>
  status !== 'NONE' && actor.kind === 'customer' && actor.customerId !== customerId;

export const noSuchPayment = () =>
  new ProblemError('not_found', 'There is no such payment, or nothing is owed yet.');
