import { z } from 'zod';
import { money } from '../money.ts';
import { paymentMethod } from '../order.ts';
import { pageQuery } from './page.ts';

/** `POST …/pay`: a stored method, or a card that is turned into one at the provider. */
export const card = z.strictObject({
  number: z
    .string()
    .transform((digits) => digits.replaceAll(/[ -]/g, ''))
    .pipe(z.string().regex(/^\d{12,19}$/, 'must be a card number')),
  expMonth: z.int().min(1).max(12),
  expYear: z.int().min(2000).max(2100),
  cvc: z.string().regex(/^\d{3,4}$/),
});
export const payOrderBody = z.union([z.strictObject({ paymentMethod }), z.strictObject({ card })]);

export const paymentView = z.object({
  id: z.uuid(),
  orderId: z.uuid(),
  amount: money,
  status: z.enum(['DUE', 'CHARGING', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDING', 'REFUNDED']),
  providerReference: z.string().nullable(),
  refundReference: z.string().nullable(),
  declineCode: z.string().nullable(),
  attempts: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PaymentView = z.infer<typeof paymentView>;

export const listPaymentsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  status: paymentView.shape.status.optional(),
});

/** `POST /api/payments/methods`: a card that is turned into a payment method. */
export const paymentMethodBody = z.strictObject({ card });
export const paymentMethodView = z.object({ paymentMethod });
