import type { OrderEntry, ReservationEntry } from '@orderflow/contracts/ledgers';
import { type Finding, never, underWay } from './finding.ts';
import { changesOf, type OrderBooks, type ProductBooks } from './things.ts';

/** Of one product: the columns are the sum of the movements and of what is held, and nothing is less than none. */
export function stockColumnsMatchLedger({ stock }: ProductBooks): Finding[] {
  if (!stock) return [];
  const { received, onHand, reserved, shipped, ledger, held } = stock;
  const differences: [what: string, is: number, shouldBe: number][] = [
    ['received, against on hand + shipped,', received, onHand + shipped],
    ['received, against the movements,', received, ledger.received],
    ['reserved, against the movements,', reserved, ledger.reserved],
    ['reserved, against what reservations hold,', reserved, held],
    ['shipped, against the movements,', shipped, ledger.shipped],
  ];
  return [
    ...differences
      .filter(([, is, shouldBe]) => is !== shouldBe)
      .flatMap(([what, is, shouldBe]) => never(`${what} is ${is} and not ${shouldBe}.`)),
    ...(reserved > onHand ? never(`${reserved} are reserved of ${onHand} on hand.`) : []),
    ...(Math.min(onHand, reserved, shipped) < 0
      ? never(`Less than none: ${onHand} on hand, ${reserved} reserved, ${shipped} shipped.`)
      : []),
  ];
}

const lawful: Record<OrderEntry['status'], ReservationEntry['status'][]> = {
  PENDING: ['none'],
  CONFIRMED: ['HELD'],
  PAID: ['HELD'],
  SHIPPED: ['SHIPPED'],
  FULFILLED: ['SHIPPED'],
  CANCELLED: ['none', 'REJECTED', 'RELEASED'],
};

/** What is held, booked out or given back is what the order's state asks for, item by item. */
export function reservationsMatchOrders(books: OrderBooks): Finding[] {
  const { orders: order, reservations: reservation } = books;
  const status = reservation?.status ?? 'none';
  const since = changesOf(books);
  if (!order) {
    return ['HELD', 'SHIPPED'].includes(status)
      ? underWay(`The order service knows no such order, but its reservation is ${status}.`, since)
      : [];
  }
  if (!lawful[order.status].includes(status)) {
    return underWay(`It is ${order.status}, but its reservation is ${status}.`, since);
  }
  if (!reservation || !['HELD', 'SHIPPED'].includes(status)) return [];
  const [asked, held] = [listed(sums(order.items)), listed(sums(reservation.items))];
  return asked === held ? [] : underWay(`It asks for ${asked}, but ${held} is ${status}.`, since);
}

const due: Record<ReservationEntry['status'], string[]> = {
  none: [],
  REJECTED: [],
  HELD: ['RESERVED'],
  RELEASED: ['RESERVED', 'RELEASED'],
  SHIPPED: ['RESERVED', 'SHIPPED'],
};

/** Of each kind that the reservation's state tells of, one movement for each product, of as many as it holds. */
export function oneMovementPerReservation({ reservations: reservation }: OrderBooks): Finding[] {
  if (!reservation) return [];
  const { status, movements, items } = reservation;
  const repeated = movements.filter(({ count }) => count > 1);
  if (repeated.length > 0) {
    const { kind, count, productId } = repeated[0]!;
    return never(`There are ${count} movements ${kind} of product ${productId}.`);
  }
  // What was cancelled before it was held never moved.
  if (status === 'RELEASED' && movements.length === 0) return [];
  const wanted = sums(items);
  for (const kind of new Set([...due[status], ...movements.map((movement) => movement.kind)])) {
    const asked = due[status].includes(kind) ? listed(wanted) : listed(new Map());
    const moved = listed(sums(movements.filter((movement) => movement.kind === kind)));
    if (asked !== moved) return never(`It is ${status}: of kind ${kind}, ${moved} moved and not ${asked}.`);
  }
  return [];
}

function sums(items: { productId: string; quantity: number }[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { productId, quantity } of items) sum.set(productId, (sum.get(productId) ?? 0) + quantity);
  return sum;
}

const listed = (sum: Map<string, number>): string =>
  [...sum]
    .sort()
    .map(([productId, quantity]) => `${quantity} of ${productId}`)
    .join(', ') || 'nothing';
