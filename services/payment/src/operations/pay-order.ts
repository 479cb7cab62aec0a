import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Actor } from '@orderflow/service-kit/auth';
import type { Transaction } from '@orderflow/service-kit/database';
import type { LinkHolder } from '@orderflow/service-kit/order-links';
import { isOthers, noSuchPayment } from '../access.ts';
import { pay } from '../domain.ts';
import { claimMethods } from './claim-methods.ts';
import { movePayments } from './move-payments.ts';
import { showPayment } from './show-payment.ts';

const CUSTOMER = 'SELECT customer_id AS "customerId" FROM payments WHERE order_id = $1';

/**
 * Has an order's payment charged, to a method of the order's customer, whoever pays for them. Throws `not_found` for
 * somebody else's, `payment_not_due` and `unknown_payment_method`.
 */
export async function payOrder(
  tx: Transaction,
  {
    orderId,
    method,
    actor,
    cause,
  }: { orderId: string; method: string; actor: Actor | LinkHolder; cause: Cause },
): Promise<PaymentView> {
  const [payment] = await tx.query<{ customerId: string | null }>(CUSTOMER, [orderId]);
  const claim = { method, customerId: payment?.customerId ?? null };
  // What is refused below is rolled back, this claim too.
  const isTheirs = (await claimMethods(tx, [claim]))(claim);
  await movePayments(tx, [
    {
      orderId,
      cause,
      decide(payment) {
        if (isOthers(payment, actor)) throw noSuchPayment();
        return pay(payment, { paymentMethod: method, isTheirs }, cause);
      },
    },
  ]);
  return showPayment(tx, orderId);
}
