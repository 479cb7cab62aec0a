import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { Transaction } from '@orderflow/service-kit/database';
import { type ShownRow, toView } from '../views.ts';

const SHOW = `
  SELECT id, order_id AS "orderId", amount, currency, status, provider_reference AS "providerReference",
    refund_reference AS "refundReference", decline_code AS "declineCode", blocked, outside, attempts,
    created_at AS "createdAt", updated_at AS "updatedAt"
  FROM payments WHERE order_id = $1`;

/** The payment of an order as this transaction has left it. */
export async function showPayment(tx: Transaction, orderId: string): Promise<PaymentView> {
  const [row] = await tx.query<ShownRow>(SHOW, [orderId]);
  return toView(row!);
}
