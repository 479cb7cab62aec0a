import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Actor } from '@orderflow/service-kit/auth';
import type { Transaction } from '@orderflow/service-kit/database';
import { isOthers, noSuchPayment } from '../access.ts';
import { pay } from '../domain.ts';
import { type ShownRow, toView } from '../views.ts';
import { movePayments } from './move-payments.ts';

const SHOW = `
  SELECT id, order_id AS "orderId", amount, currency, status, provider_reference AS "providerReference",
    refund_reference AS "refundReference", decline_code AS "declineCode", attempts, created_at AS "createdAt",
    updated_at AS "updatedAt"
  FROM payments WHERE order_id = $1`;

/** Has an order's payment charged. Throws `not_found` for somebody else's, and `payment_not_due`. */
export async function payOrder(
  tx: Transaction,
  { orderId, method, actor, cause }: { orderId: string; method: string; actor: Actor; cause: Cause },
): Promise<PaymentView> {
  await movePayments(tx, [
    {
      orderId,
      cause,
      decide(payment) {
        if (isOthers(payment, actor)) throw noSuchPayment();
        return pay(payment, method, cause);
      },
    },
  ]);
  const [row] = await tx.query<ShownRow>(SHOW, [orderId]);
  return toView(row!);
}
