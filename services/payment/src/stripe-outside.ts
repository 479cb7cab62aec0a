import type { DisputeStatus } from '@orderflow/contracts/order';
import type Stripe from 'stripe';
import { z } from 'zod';
import type { AtProvider } from './outside.ts';

/** What our own calls carry. */
export const ourMetadata = z.object({ orderId: z.uuid(), key: z.string().min(1) });

/** What Stripe says became of a charge: our own refund of it, and what somebody did by hand. */
export type IntentNow = { ownRefund: Stripe.Refund | undefined; seen: AtProvider };

export async function readIntent(
  stripe: Stripe,
  { id, amount }: Pick<Stripe.PaymentIntent, 'id' | 'amount'>,
): Promise<IntentNow> {
  const [refunds, disputes] = await Promise.all([
    stripe.refunds.list({ payment_intent: id, limit: 100 }),
    // The latest: a charge that was won may be disputed again.
    stripe.disputes.list({ payment_intent: id, limit: 1 }),
  ]);
  const isOurs = ({ metadata }: Stripe.Refund) => ourMetadata.safeParse(metadata).success;
  // A refund that is pending is money on its way.
  const byHand = refunds.data.filter((one) => !isOurs(one) && ['succeeded', 'pending'].includes(one.status!));
  const [dispute] = disputes.data;
  return {
    ownRefund: refunds.data.find((one) => isOurs(one) && one.status === 'succeeded'),
    seen: {
      charge: id,
      charged: amount,
      refunded: byHand.reduce((sum, one) => sum + one.amount, 0),
      reference: byHand[0]?.id ?? null,
      dispute: dispute
        ? { reference: dispute.id, status: statusOf(dispute.status), amount: dispute.amount }
        : null,
    },
  };
}

/** `lost` and `won` are final; an inquiry that was closed took no money. */
function statusOf(status: Stripe.Dispute.Status): DisputeStatus {
  if (status === 'lost') return 'lost';
  return ['won', 'warning_closed', 'prevented'].includes(status) ? 'won' : 'open';
}
