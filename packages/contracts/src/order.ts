import { z } from 'zod';
import { money } from './money.ts';
import { line, optionalLine } from './text.ts';

export const orderStatuses = ['PENDING', 'CONFIRMED', 'PAID', 'SHIPPED', 'FULFILLED', 'CANCELLED'] as const;
export const orderStatus = z.enum(orderStatuses);
export type OrderStatus = z.infer<typeof orderStatus>;

/** The payment's side of an order, shown beside its status. */
export const paymentStatus = z.enum(['NONE', 'DUE', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDED']);
export type PaymentStatus = z.infer<typeof paymentStatus>;

/** A dispute at the payment provider: the charge is contested, and the bank decides. */
export const disputeStatus = z.enum(['open', 'won', 'lost']);
export type DisputeStatus = z.infer<typeof disputeStatus>;

export const cancelReason = z.enum([
  'out_of_stock',
  'payment_declined',
  'reservation_expired',
  'cancelled_by_customer',
  'cancelled_by_seller',
  'cancelled_by_admin',
]);
export type CancelReason = z.infer<typeof cancelReason>;

/** Who confirms an order: the system at once, or the seller by hand. */
export const confirmation = z.enum(['automatic', 'seller']);
export type Confirmation = z.infer<typeof confirmation>;

export const quantity = z.int().min(1).max(10_000);

/** What an order asks of the stock. */
export const orderItem = z.object({ productId: z.uuid(), quantity });
export type OrderItem = z.infer<typeof orderItem>;

/** What an order promised, with the catalogue's name and price as they were then. */
export const orderLine = orderItem.extend({ sku: z.string(), name: z.string(), unitPrice: money });
export type OrderLine = z.infer<typeof orderLine>;

export const address = z.object({
  name: z.string().min(1).max(200).optional(),
  line1: z.string().min(1).max(200),
  line2: z.string().max(200).optional(),
  city: z.string().min(1).max(100),
  postalCode: z.string().min(1).max(20),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166 code such as DE'),
});
export type Address = z.infer<typeof address>;

/** An address as a request gives it. Events and views also carry those from before lines were checked. */
export const addressBody = address.extend({
  name: line(200).optional(),
  line1: line(200),
  line2: optionalLine(200).optional(),
  city: line(100),
  postalCode: line(20),
});

/** A tokenised card at the payment provider. Card numbers themselves never leave the payment service. */
export const paymentMethod = z
  .string()
  .regex(/^pm_[A-Za-z0-9_]{1,100}$/, 'must be a payment method of the provider such as pm_card_visa');

export const phone = z.string().regex(/^\+[1-9]\d{5,14}$/, 'must be an E.164 number such as +4930123456');

export const personName = line(200);
