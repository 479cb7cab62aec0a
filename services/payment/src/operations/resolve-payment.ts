import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { noSuchPayment } from '../access.ts';
import { type Resolution, resolve } from '../blocked.ts';
import { movePayments } from './move-payments.ts';
import { showPayment } from './show-payment.ts';

const FIND = `
  SELECT order_id AS "orderId", cause->>'correlationId' AS "correlationId" FROM payments
  WHERE id = $1 AND cause IS NOT NULL`;

/** Writes down what a person decides about a blocked payment. Throws `not_found`, `conflict` and `invalid_request`. */
export async function resolvePayment(
  tx: Transaction,
  { id, resolution, cause }: { id: string; resolution: Resolution; cause: Cause },
): Promise<PaymentView> {
  const [payment] = await tx.query<{ orderId: string; correlationId: string }>(FIND, [id]);
  if (!payment) throw noSuchPayment();
  const { orderId, correlationId } = payment;
  await movePayments(tx, [
    { orderId, cause: { ...cause, correlationId }, decide: (now) => resolve(now, resolution) },
  ]);
  return showPayment(tx, orderId);
}
