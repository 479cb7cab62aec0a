import { differences, type Expected } from './expected/compare.ts';
import { messageName } from './expected/expected-messages.ts';
import { movementsBy } from './expected/expected-reservation.ts';
import { type Finding, liesAhead, never, underWay } from './finding.ts';
import { changesOf, type OrderBooks, type ProductBooks } from './things.ts';

type Compared = 'orders' | 'reservations' | 'payments' | 'messages';

/** The row of a ledger against the recorded events, which may still be under way in either direction. */
function compareRow(books: OrderBooks, ledger: Compared, row: object | undefined): Finding[] {
  const recorded = books['recorded events'];
  if (row && recorded && !books.orders && !recorded.placed) {
    return never(`There is a row of ${ledger}, and there is no such order.`);
  }
  const expected: Expected<object> | undefined = recorded?.expected?.[ledger];
  if (!recorded || !expected) return [];
  const since = [...changesOf(books), recorded.recordedAt];
  if (!row) return underWay(`Its events ask for a row of ${ledger}, and there is none.`, since);
  const found = differences(expected, row);
  return found.length === 0 ? [] : underWay(found.join(' '), since);
}

export function ordersMatchEvents(books: OrderBooks): Finding[] {
  const recorded = books['recorded events'];
  if (books.orders && recorded && !recorded.placed && recorded.afterFirst) {
    return underWay('No recorded event says that it was placed.', changesOf(books));
  }
  if (recorded?.placed && !recorded.expected) {
    return never('Its recorded events cannot be read, so its rows cannot be compared with them.');
  }
  return compareRow(books, 'orders', books.orders);
}

export const reservationsMatchEvents = (books: OrderBooks): Finding[] =>
  compareRow(
    books,
    'reservations',
    books.reservations && {
      ...books.reservations,
      movements: movementsBy(books.reservations.movements),
    },
  );

export const paymentsMatchEvents = (books: OrderBooks): Finding[] =>
  compareRow(books, 'payments', books.payments);

/** Each event that customers are told of has its messages, to the right recipient, and each is sent. */
export function messagesMatchEvents(books: OrderBooks): Finding[] {
  const { messages: row, 'recorded events': recorded } = books;
  const messages = row?.messages.map(({ eventId, channel, template, recipient, correlationId }) => [
    messageName(channel, eventId),
    { template, recipient, correlationId },
  ]);
  const found = compareRow(books, 'messages', row && { ...row, messages: Object.fromEntries(messages!) });
  if (!row || !recorded?.expected) return found;
  const since = [...changesOf(books), recorded.recordedAt];
  const sent = new Set(recorded.sentMessages);
  return [
    ...found,
    ...row.messages.flatMap(({ id, template, status, refused }) => {
      if (sent.has(id) !== (status === 'SENT')) {
        const says = sent.has(id) ? 'an event says' : 'no event says';
        return underWay(`The message ${template} is ${status}, and ${says} that it was sent.`, since);
      }
      return status === 'FAILED' && !refused
        ? underWay(`The message ${template} is FAILED, and its server did not refuse it for good.`, since)
        : [];
    }),
  ];
}

/** The catalogue, and the copy of it that orders are priced by. */
export function productsMatchEvents({ stock, products: copy, 'recorded events': recorded }: ProductBooks) {
  if (!recorded) return [];
  const { expected, recordedAt, readAt } = recorded;
  const changedAt = Date.parse(stock?.updatedAt ?? '') || 0;
  const since = [recordedAt, changedAt];
  if (liesAhead(changedAt, readAt)) return never(`It changed at ${stock?.updatedAt}, which lies ahead.`);
  if (!stock) return underWay('Its events ask for a product in the catalogue, and there is none.', since);
  if (!copy) return underWay('The order service has no copy of it.', since);
  return [
    ...differences(expected, stock).flatMap((detail) => underWay(`In the catalogue: ${detail}`, since)),
    ...differences(expected, copy).flatMap((detail) => underWay(`In the copy of orders: ${detail}`, since)),
  ];
}
