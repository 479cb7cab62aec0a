import { z } from 'zod';
import { money } from '../money.ts';
import {
  address,
  addressBody,
  cancelReason,
  confirmation,
  disputeStatus,
  orderItem,
  orderLine,
  orderStatus,
  paymentMethod,
  paymentStatus,
  personName,
  phone,
} from '../order.ts';
import { email, line, lines } from '../text.ts';
import { moment } from '../time.ts';
import { pageQuery } from './page.ts';

/** What the buyer saw; another one than the catalogue's is refused. A number is in major units, as in the guest's form. */
const expectedPrice = z.union([money, z.number().nonnegative()]);
const items = z
  .array(orderItem.extend({ price: expectedPrice.optional() }))
  .min(1)
  .max(100);
/** `POST /api/orders`, the full form. */
export const placeOrderBody = z.strictObject({
  customer: z.strictObject({ name: personName, email, phone: phone.optional() }),
  items,
  shippingAddress: addressBody.optional(),
  /** Charged as soon as the stock is held; without it the order waits for `POST …/pay`. */
  paymentMethod: paymentMethod.optional(),
});

/** The same of a customer, whose name and address are in the token: of `customer` only the phone counts. */
export const placeOwnOrderBody = placeOrderBody.extend({
  customer: placeOrderBody.shape.customer.partial().optional(),
});

export const cancelOrderBody = z.strictObject({ message: lines(500).optional() });
export const shipOrderBody = z.strictObject({ trackingNumber: line(100).optional() });

/** `PUT /api/orders/{id}/status`: a second way to the same moves. */
export const orderStatusBody = z.strictObject({
  status: orderStatus,
  message: lines(500).optional(),
});

export const orderView = z.object({
  id: z.uuid(),
  reference: z.string().nullable(),
  status: orderStatus,
  cancelReason: cancelReason.nullable(),
  message: z.string().nullable(),
  paymentStatus,
  /** What went back by hand at the payment provider, in all; null for nothing. */
  refundedAtProvider: money.nullable().optional(),
  dispute: disputeStatus.nullable().optional(),
  customer: z.object({ id: z.uuid(), name: z.string(), email: z.string(), phone: z.string().nullable() }),
  sellerId: z.string(),
  items: z.array(orderLine),
  total: money,
  shippingAddress: address.nullable(),
  trackingNumber: z.string().nullable(),
  confirmation,
  confirmationRequested: z.boolean(),
  expiresAt: z.iso.datetime().nullable(),
  version: z.int(),
  placedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type OrderView = z.infer<typeof orderView>;

export const listOrdersQuery = pageQuery.extend({
  status: orderStatus.optional(),
  customerId: z.uuid().optional(),
  sellerId: z.string().min(1).max(254).optional(),
  /** Placed then or later. A date alone is its first moment in UTC. */
  from: moment.optional(),
  /** Placed before then. */
  to: moment.optional(),
  /** Text in the reference, the customer's name or e-mail, an item's name or SKU; or how the id begins. */
  q: z.string().trim().min(1).max(200).optional(),
});

export const sellerSettings = z.strictObject({ confirmation });

/** `GET /api/orders/{id}/events`: where a stream of server-sent events goes on; the header `Last-Event-ID` counts first. */
export const liveEventsQuery = z.object({
  lastEventId: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
});
