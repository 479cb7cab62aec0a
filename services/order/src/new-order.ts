import { placeOrderBody, placeOwnOrderBody } from '@orderflow/contracts/http/orders';
import { guestOrderBody } from '@orderflow/contracts/http/plain';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import type { Address, Confirmation } from '@orderflow/contracts/order';
import type { Cause } from '@orderflow/messaging/outbox';
import { actorName, actorOf, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Request } from 'express';
import type { WantedItem } from './pricing.ts';

export type NewOrder = {
  /** Chosen before the first attempt, so that a repeated one finds the order of the first. */
  id: string;
  reference?: string;
  customer: { id: string; name: string; email: string; phone?: string };
  guest: boolean;
  items: WantedItem[];
  shippingAddress?: Address;
  paymentMethod?: string;
  /** Overrides the seller's setting. */
  confirmation?: Confirmation;
  cause: Cause;
};

/**
 * An order by the full form: a customer's own, or one that somebody of us places for a customer. Throws
 * `unauthenticated`, `forbidden` to sellers and for a customer in the name of another, and `invalid_request`.
 */
export function customerOrder(req: Request): NewOrder {
  const actor = requireActor(req, 'customer', 'admin', 'service');
  const placed = { id: newId(), guest: false, cause: { ...requestContext(req), actor: actorName(actor) } };
  if (actor.kind !== 'customer') {
    const { customer, ...order } = bodyOf(placeOrderBody, req);
    return { ...order, ...placed, customer: { id: customerIdOf(customer.email), ...customer } };
  }
  const { customer: { email, phone } = {}, ...order } = bodyOf(placeOwnOrderBody, req);
  if (email !== undefined && customerIdOf(email) !== customerIdOf(actor.email)) {
    throw new ProblemError(
      'forbidden',
      'You order as yourself: leave "customer.email" out, or log in as them.',
    );
  }
  const customer = { id: actor.customerId, name: actor.name, email: actor.email, phone };
  return { ...order, ...placed, customer };
}

/** A guest's order as any other: confirmed by itself and charged to the payment method of guests. */
export function guestOrder(
  req: Request,
  { paymentMethod, ...body }: { paymentMethod: string; items: WantedItem[]; name: string; email: string },
): NewOrder {
  const { name, email, items } = body;
  const actor = actorOf(req);
  return {
    id: newId(),
    customer: { id: customerIdOf(email), name, email },
    guest: true,
    items,
    paymentMethod,
    confirmation: 'automatic',
    cause: { ...requestContext(req), actor: actor ? actorName(actor) : 'guest' },
  };
}

/** The public "guest" form. Throws `invalid_request`. */
export function guestForm(req: Request, paymentMethod: string): NewOrder {
  const body = bodyOf(guestOrderBody, req);
  return guestOrder(req, {
    name: body.customer_name,
    email: body.customer_email,
    items: body.items.map(({ product_id, quantity, price }) => ({ productId: product_id, quantity, price })),
    paymentMethod,
  });
}
