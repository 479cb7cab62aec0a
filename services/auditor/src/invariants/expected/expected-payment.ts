import type { PaymentEntry } from '@orderflow/contracts/ledgers';
import { type Expected, type Matcher, oneOf, timeWithin } from './compare.ts';
import type { RecordedEvent, Tale, Told } from './recorded-events.ts';

/** The name that payment gives to what needs no provider. */
const NOTHING_TO_PAY = 'free';

/**
 * The payment of an order by its own events and by what it has to have heard of the order; undefined while it has
 * heard nothing.
 */
export function expectedPayment(
  tale: Tale,
  { placed, readAt }: { placed: Told<'order.placed'>; readAt: number },
): Expected<PaymentEntry> | undefined {
  const [confirmed, cancelled] = [tale.last('order.confirmed'), tale.last('order.cancelled')];
  if (!confirmed && !cancelled) return undefined;
  const [captured, refunded] = [tale.last('payment.captured'), tale.last('payment.refunded')];
  const [declined, voided] = [tale.last('payment.declined'), tale.last('payment.voided')];
  const ended = refunded ?? captured ?? declined ?? voided;
  const { total, customerId, sellerId } = confirmed?.data ?? {};
  const blocked = blockedBy(tale);
  const changed = tale.last('payment.changed-at-provider');
  const outcomes = outcomesIn(tale);
  return {
    status: statusOf(tale),
    amount: total?.amount ?? null,
    currency: total?.currency ?? null,
    paymentId: ended?.data.paymentId,
    customerId: customerId ?? null,
    sellerId: sellerId ?? null,
    paymentMethod: confirmed && !outcomes.includes('captured') ? methodOf(confirmed.data) : null,
    blocked,
    resolution: outcomes.at(-1) ?? null,
    refundedOutside: changed?.data.refunded.amount ?? 0,
    dispute: changed?.data.dispute?.status ?? null,
    providerReference: captured?.data.providerReference ?? null,
    refundReference: refunded?.data.providerReference ?? null,
    declineCode: declined?.data.code ?? null,
    // A payment that is declined already does not note a cancellation.
    cancelled: declined ? undefined : cancelled !== undefined,
    callDue: callDue({
      blocked: blocked !== null,
      ended: ended !== undefined,
      refunds: Boolean(captured && cancelled && !refunded),
      tale,
    }),
    correlationId: confirmed ? placed.correlationId : null,
    cancelCorrelationId: declined ? undefined : cancelled ? placed.correlationId : null,
    sequence: tale.sequenceOf('payment', placed.subject),
    updatedAt: timeWithin(placed.time, readAt),
  };
}

/**
 * No event tells of a method of the customer's, or of the form that pays what is due. Free orders of before were charged,
 * or due.
 */
function methodOf({ total, paymentMethod }: Told<'order.confirmed'>['data']): unknown {
  if (paymentMethod === null) return undefined;
  return total.amount === 0 ? oneOf(NOTHING_TO_PAY, paymentMethod) : paymentMethod;
}

function statusOf({ last }: Tale): string | Matcher {
  if (last('payment.refunded')) return 'REFUNDED';
  if (last('payment.captured')) return last('order.cancelled') ? 'REFUNDING' : 'CAPTURED';
  if (last('payment.declined')) return 'DECLINED';
  if (last('payment.voided')) return 'VOIDED';
  const confirmed = last('order.confirmed');
  if (!confirmed) return 'NONE';
  const { paymentMethod, total } = confirmed.data;
  return paymentMethod || last('order.charge-requested') || total.amount === 0
    ? 'CHARGING'
    : oneOf('DUE', 'CHARGING');
}

/** The code by which the provider refuses for good what is to be done: the last that payment told of. */
function blockedBy({ all }: Tale): string | null {
  const own = all.filter(({ source }) => source === 'payment');
  const latest = own.reduce<RecordedEvent | undefined>(
    (last, event) => (last && last.sequence > event.sequence ? last : event),
    undefined,
  );
  return latest?.type === 'payment.blocked' ? (latest as Told<'payment.blocked'>).data.code : null;
}

/** What persons said had come of blocked payments, in order. */
const outcomesIn = ({ all }: Tale): string[] =>
  all
    .filter(({ type }) => type === 'payment.resolved')
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ data }) => (data as Told<'payment.resolved'>['data']).outcome)
    .filter((outcome) => outcome !== 'retry');

type CallDue = { blocked: boolean; ended: boolean; refunds: boolean; tale: Tale };

/** Whether the provider is to be asked; undefined where the customer may or may not have filled in the form. */
function callDue({ blocked, ended, refunds, tale }: CallDue) {
  if (blocked) return false;
  if (refunds) return true;
  const status = statusOf(tale);
  return ended || status === 'NONE' ? false : status === 'CHARGING' ? true : undefined;
}
