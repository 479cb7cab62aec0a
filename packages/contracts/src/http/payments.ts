import { z } from 'zod';
import { money } from '../money.ts';
import { disputeStatus, paymentMethod } from '../order.ts';
import { line } from '../text.ts';
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
  /** BLOCKED: the provider refuses it for good, see `problem`; an admin decides by `POST /api/payments/{id}/resolve`. */
  status: z.enum([
    'DUE',
    'CHARGING',
    'CHARGE_BLOCKED',
    'CAPTURED',
    'DECLINED',
    'VOIDED',
    'REFUNDING',
    'REFUND_BLOCKED',
    'REFUNDED',
  ]),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  providerReference: z.string().nullable(),
  refundReference: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** What went back by hand at the provider, in all; null for nothing. */
  refundedAtProvider: money.nullable(),
  dispute: z.object({ reference: z.string(), status: disputeStatus, amount: money }).nullable(),
  attempts: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PaymentView = z.infer<typeof paymentView>;

export const listPaymentsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  status: paymentView.shape.status.optional(),
});

/**
 * `POST /api/payments/{id}/resolve`: `retry` asks the provider again; else what happened there. A capture or a refund needs
 * the provider's reference of it. The reason is in the audit log, and in the order's timeline, which its customer sees.
 */
export const resolvePaymentBody = z.strictObject({
  outcome: z.enum(['retry', 'captured', 'declined', 'refunded']),
  reference: line(200).optional(),
  reason: line(500),
});

/** `POST /api/payments/methods`: a card that is turned into a payment method. */
export const paymentMethodBody = z.strictObject({ card });
export const paymentMethodView = z.object({ paymentMethod });
