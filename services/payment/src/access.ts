import type { Actor } from '@orderflow/service-kit/auth';
import type { LinkHolder } from '@orderflow/service-kit/order-links';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Payment } from './domain.ts';

/** Which payments somebody may see: those of their own orders, that of the order their link leads to, or all. */
export function ownOf(actor: Actor | LinkHolder): {
  customerId?: string;
  sellerId?: string;
  orderId?: string;
} {
  switch (actor.kind) {
    case 'guest':
      return { orderId: actor.orderId };
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

/** Whether a payment is known to be a customer's, and not of the one who asks. A guest's link leads to no other. */
export const isOthers = ({ status, customerId }: Payment, actor: Actor | LinkHolder): boolean =>
  status !== 'NONE' && actor.kind === 'customer' && actor.customerId !== customerId;

export const noSuchPayment = () =>
  new ProblemError('not_found', 'There is no such payment, or nothing is owed yet.');
