import type { OrderEntry, PaymentEntry } from '@orderflow/contracts/ledgers';
import { type Finding, underWay, waitsUntil } from './finding.ts';
import { changesOf, type OrderBooks } from './things.ts';

/** An order goes on by itself until it waits for a person: its seller, or a customer who is to pay in time. */
export function ordersEndInTime(books: OrderBooks): Finding[] {
  const { orders: order, payments: payment } = books;
  if (!order) return [];
  const since = changesOf(books);
  switch (order.status) {
    case 'PENDING':
      return order.awaitsSeller ? [] : underWay('It is PENDING, and nobody has to confirm it.', since);
    case 'CONFIRMED':
      return mayWaitForMoney(order, payment) && order.expiresAt
        ? waitsUntil(
            `It is CONFIRMED, and its time to pay ended ${order.expiresAt}.`,
            Date.parse(order.expiresAt),
          )
        : underWay(`It is CONFIRMED, and its payment is ${payment?.status ?? 'not there'}.`, since);
    case 'PAID':
    case 'SHIPPED':
    case 'FULFILLED':
    case 'CANCELLED':
      return payment?.unknownOutcome && payment.captured === 0
        ? underWay(`It is ${order.status}, and what became of its payment is not known.`, since)
        : [];
    default:
      return order.status satisfies never;
  }
}

/** Until the deadline it may wait for a form to be filled in, and for a provider that does not answer. */
function mayWaitForMoney({ chargedAtOnce }: OrderEntry, payment: PaymentEntry | undefined): boolean {
  if (payment?.unknownOutcome) return true;
  return !chargedAtOnce && (payment === undefined || ['NONE', 'DUE'].includes(payment.status));
}
