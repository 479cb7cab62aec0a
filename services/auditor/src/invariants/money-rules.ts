import type { ChargeEntry, PaymentEntry } from '@orderflow/contracts/ledgers';
import { differences } from './expected/compare.ts';
import { type Finding, never, underWay } from './finding.ts';
import { type BankStrays, changesOf, type OrderBooks } from './things.ts';

const keptOf = ({ captured, refunded }: Pick<PaymentEntry, 'captured' | 'refunded'>) => captured - refunded;

/**
 * By payment's ledger: what was captured and not refunded is what the order owes. What went back by hand at the provider
 * leaves an order where it is; of one that is cancelled, only the rest is refunded.
 */
export function moneyIsWhatOrdersOwe(books: OrderBooks): Finding[] {
  const { orders: order, payments: payment } = books;
  if (payment && payment.refunded + payment.refundedOutside > payment.captured) {
    return never(
      `Payment refunded ${payment.refunded} of ${payment.captured} that it captured, and ${payment.refundedOutside} went back by hand.`,
    );
  }
  if (payment && order && payment.captured > order.total) {
    return never(`Payment captured ${payment.captured} for a total of ${order.total}.`);
  }
  const owes = order && ['PAID', 'SHIPPED', 'FULFILLED'].includes(order.status) ? order.total : 0;
  const since = changesOf(books);
  const state = order ? `It is ${order.status}` : 'The order service knows no such order';
  const byHand = owes > 0 ? 0 : (payment?.refundedOutside ?? 0);
  const kept = payment ? keptOf(payment) - byHand : 0;
  if (kept !== owes) return underWay(`${state} and owes ${owes}, but payment keeps ${kept}.`, since);
  if (order && payment && payment.captured > 0 && payment.currency !== order.currency) {
    return never(`It is priced in ${order.currency}, but payment captured ${payment.currency}.`);
  }
  return [];
}

/** The bank really moved what payment wrote down. */
export function bankAgreesWithPayment(books: OrderBooks): Finding[] {
  const { orders: order, payments: payment, charges: bank } = books;
  // Nobody's charge is a matter of its own.
  if (!order && !payment) return [];
  if (bank && bank.refunded > bank.captured) {
    return never(`The bank refunded ${bank.refunded} of ${bank.captured} that it captured.`);
  }
  const since = changesOf(books);
  const [captured, refunded] = [payment?.captured ?? 0, payment?.refunded ?? 0];
  if (captured !== (bank?.captured ?? 0)) {
    return underWay(`Payment captured ${captured}, the bank ${bank?.captured ?? 0}.`, since);
  }
  // What a person has given back in another way the bank does not know.
  const elsewhere = payment?.resolution === 'refunded' && (bank?.refunded ?? 0) === 0;
  if (!elsewhere && refunded !== (bank?.refunded ?? 0)) {
    return underWay(`Payment refunded ${refunded}, the bank ${bank?.refunded ?? 0}.`, since);
  }
  if (bank && captured > 0 && bank.currency !== payment?.currency) {
    return never(`Payment captured ${payment?.currency}, the bank ${bank.currency}.`);
  }
  if (!bank || !payment) return [];
  return [...rowsAtBank(bank, payment), ...declinedAtBank(bank, payment)].flatMap((detail) =>
    underWay(detail, since),
  );
}

/** What the bank declined: the one charge of a payment that is declined, for the reason that payment wrote down. */
function declinedAtBank({ declined = [] }: ChargeEntry, payment: PaymentEntry): string[] {
  const { orderId, status, amount, currency, paymentMethod, declineCode } = payment;
  if (declined.length > 0 && status !== 'DECLINED') {
    return [`The bank declined a charge of ${declined[0]!.amount}, and the payment is ${status}.`];
  }
  const asked = { kind: 'charge', key: `charge-${orderId}`, amount, currency, paymentMethod, declineCode };
  return declined.flatMap((row) =>
    differences(asked, row).map(
      (detail) => `Of the charge that the bank declined, ${detail.replace('its events say', 'payment says')}`,
    ),
  );
}

/** The rows of the bank's ledger, one by one, by what payment asked for and was answered. */
function rowsAtBank(bank: ChargeEntry, payment: PaymentEntry): string[] {
  const { orderId, amount, currency, paymentMethod, providerReference } = payment;
  const common = { amount, currency, declineCode: null };
  return bank.rows.flatMap((row) =>
    differences(
      row.kind === 'charge'
        ? {
            ...{
              ...common,
              paymentMethod: paymentMethod ?? undefined,
              key: `charge-${orderId}`,
              charge: null,
            },
            ...(payment.captured > 0 && { id: providerReference, refunded: bank.refunded }),
          }
        : {
            ...{ ...common, key: `refund-${orderId}`, charge: providerReference },
            ...(payment.refunded > 0 && { id: payment.refundReference }),
          },
      row,
    ).map((detail) => `Of the bank's ${row.kind}, ${detail.replace('its events say', 'payment says')}`),
  );
}

/** Nobody asks the provider again for what it refuses for good, until a person has decided. */
export const noBlockedPayments = ({ payments: payment }: OrderBooks): Finding[] =>
  payment?.blocked
    ? never(
        `Its payment ${payment.paymentId} is blocked (${payment.blocked}). Look at the order at the provider, then decide: POST /api/payments/${payment.paymentId}/resolve.`,
      )
    : [];

/** However often it is asked, the bank moves money once. */
export const oneChargePerOrder = ({ charges: bank }: OrderBooks): Finding[] => [
  ...(bank && bank.charges > 1 ? never(`The bank charged it ${bank.charges} times.`) : []),
  ...(bank && bank.refunds > 1 ? never(`The bank refunded it ${bank.refunds} times.`) : []),
];

export const chargesNameOrders = ({ strays: { count, some } }: BankStrays): Finding[] =>
  count === 0
    ? []
    : never(
        `The bank moved money ${count} times for what is no order: ${some
          .map(({ id, reference, amount, currency }) => `${id} of ${amount} ${currency} for "${reference}"`)
          .join(', ')}.`,
      );

/** An order is committed before anybody can charge for it. */
export const everyChargeHasItsOrder = ({ orders: order, charges: bank }: OrderBooks): Finding[] =>
  bank && !order
    ? never(
        `The bank charged ${bank.captured} and declined ${bank.declined?.length ?? 0} charges for what is no order.`,
      )
    : [];
