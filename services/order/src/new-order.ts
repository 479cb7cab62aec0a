import type { guestOrderBody, placeOrderBody } from '@orderflow/contracts/http';
import { newId } from '@orderflow/contracts/ids';
import type { Address, Confirmation } from '@orderflow/contracts/order';
import type { Cause } from '@orderflow/messaging/outbox';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import type { WantedItem } from './pricing.ts';

export type NewOrder = {
  /** Chosen before the first attempt, so that a repeated one finds the order of the first. */
  id: string;
  reference?: string;
  customer: { name: string; email: string; phone?: string };
  guest: boolean;
  items: WantedItem[];
  shippingAddress?: Address;
  paymentMethod?: string;
  /** Overrides the seller's setting. */
  confirmation?: Confirmation;
  cause: Cause;
};

/** An order by the full form, which the gateway has filled in with who is logged in. */
export const customerOrder = (body: z.infer<typeof placeOrderBody>, context: RequestContext): NewOrder => ({
  ...body,
  id: newId(),
  guest: false,
  cause: { ...context, actor: `customer:${body.customer.email}` },
});

/** A guest's order as any other: confirmed by itself and charged to the payment method of guests. */
export const guestOrder = (
  body: z.infer<typeof guestOrderBody>,
  context: RequestContext,
  paymentMethod: string,
): NewOrder => ({
  id: newId(),
  customer: { name: body.customer_name, email: body.customer_email },
  guest: true,
  items: body.items.map(({ product_id, quantity, price }) => ({ productId: product_id, quantity, price })),
  paymentMethod,
  confirmation: 'automatic',
  cause: { ...context, actor: 'guest' },
});
