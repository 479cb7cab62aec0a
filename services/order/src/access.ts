import type { CancelReason } from '@orderflow/contracts/order';
import { type Actor, actorName } from '@orderflow/service-kit/auth';
import type { LinkHolder } from '@orderflow/service-kit/order-links';
import { ProblemError } from '@orderflow/service-kit/problem';

type Parties = { customerId: string; sellerId: string };

/** Who reads or moves an order: somebody with a token, or a guest with the link from a mail. */
export type Visitor = Actor | LinkHolder;

/** As events and the audit log name them. */
export const visitorName = (visitor: Visitor): string =>
  visitor.kind === 'guest' ? 'guest' : actorName(visitor);

/** Whether an order is this visitor's business: its customer's, its seller's, its guest's, and everything is the admins'. */
export function isTheirs(actor: Visitor, { id, customerId, sellerId }: Parties & { id: string }): boolean {
  switch (actor.kind) {
    case 'guest':
      return actor.orderId === id;
    case 'customer':
      return actor.customerId === customerId;
    case 'seller':
      return actor.sellerId === sellerId;
    case 'admin':
    case 'service':
      return true;
  }
}

/** The same for lists: the orders that they are made of. */
export function onlyTheirs(actor: Actor): Partial<Parties> {
  switch (actor.kind) {
    case 'customer':
      return { customerId: actor.customerId };
    case 'seller':
      return { sellerId: actor.sellerId };
    case 'admin':
    case 'service':
      return {};
  }
}

/** Why an order is cancelled, by who wants it so. */
export function cancelledBy(actor: Visitor): CancelReason {
  switch (actor.kind) {
    case 'customer':
    case 'guest':
      return 'cancelled_by_customer';
    case 'seller':
      return 'cancelled_by_seller';
    case 'admin':
    case 'service':
      return 'cancelled_by_admin';
  }
}

/** One answer for what is not there and for what is somebody else's, so that nobody learns which orders exist. */
export const noOrder = (id: string) => new ProblemError('not_found', `There is no order ${id}.`);
