import type { ReservationEntry } from '@orderflow/contracts/ledgers';
import { type Expected, timeWithin } from './compare.ts';
import type { Tale, Told } from './recorded-events.ts';

type Item = { productId: string; quantity: number };

/** Of each kind and product, how many rows there are and what they come to. */
type Movements = Record<string, string>;

/** A reservation as it is compared: its movements by kind and product. */
export type ReservationFields = Omit<ReservationEntry, 'movements'> & { movements: Movements };

/**
 * The reservation of an order by the events of inventory and by what inventory has to have heard of the order;
 * undefined while it has heard nothing.
 */
export function expectedReservation(
  tale: Tale,
  { placed, readAt }: { placed: Told<'order.placed'>; readAt: number },
): Expected<ReservationFields> | undefined {
  const [requested, cancelled, paid, shipped] = [
    tale.last('order.confirmation-requested'),
    tale.last('order.cancelled'),
    tale.last('order.paid'),
    tale.last('order.shipped'),
  ];
  if (!requested && !cancelled && !paid && !shipped) return undefined;
  const reserved = tale.last('inventory.reserved');
  const [released, bookedOut] = [tale.last('inventory.released'), tale.last('inventory.shipped')];
  return {
    status: statusOf(tale),
    items: reserved?.data.items ?? merged(requested?.data.items ?? []),
    movements: {
      ...movementsOf('RESERVED', reserved?.data.items),
      ...movementsOf('RELEASED', released?.data.items),
      ...movementsOf('SHIPPED', bookedOut?.data.items),
    },
    expiresAt: reserved?.data.expiresAt ?? null,
    paid: paid !== undefined,
    shipped: shipped !== undefined,
    expiryAnnounced: tale.last('inventory.expired') !== undefined,
    correlationId: placed.correlationId,
    sequence: tale.sequenceOf('inventory', placed.subject),
    updatedAt: timeWithin(placed.time, readAt),
  };
}

function statusOf({ last }: Tale): ReservationEntry['status'] {
  if (last('inventory.shipped')) return 'SHIPPED';
  if (last('inventory.released')) return 'RELEASED';
  if (last('inventory.rejected')) return 'REJECTED';
  if (last('inventory.reserved')) return 'HELD';
  // What was cancelled before it was held is released without an event: nothing moved.
  return last('order.cancelled') ? 'RELEASED' : 'none';
}

const movementsOf = (kind: string, items: Item[] = []): Movements =>
  movementsBy(items.map((item) => ({ ...item, kind, count: 1 })));

export const movementsBy = (movements: ReservationEntry['movements'] | (Item & Counted)[]): Movements =>
  Object.fromEntries(
    movements.map(({ kind, productId, count, quantity }) => [
      `${kind} of ${productId}`,
      `${count} of ${quantity}`,
    ]),
  );

type Counted = { kind: string; count: number };

/** Several lines of one product are one item of the reservation. */
function merged(items: Item[]): Item[] {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of items) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  return [...sums].map(([productId, quantity]) => ({ productId, quantity }));
}
