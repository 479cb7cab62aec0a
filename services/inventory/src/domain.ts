import type { Event, EventData } from '@orderflow/contracts/events';
import type { ReservationView } from '@orderflow/contracts/http/catalogue';
import type { OrderItem } from '@orderflow/contracts/order';
import { available, type Movement, type Stock } from './stock.ts';

export type ReservationStatus = ReservationView['status'];

export type Reservation = {
  orderId: string;
  status: ReservationStatus;
  /** What the order asked for; null until that is heard of. */
  items: OrderItem[] | null;
  /** Marks of what was heard of the order, before its request or after. */
  paid: boolean;
  shipped: boolean;
  expiresAt: Date | null;
};

/** The events of orders that reservations depend on. */
export type OrderEvent = Event<
  'order.confirmation-requested' | 'order.paid' | 'order.cancelled' | 'order.shipped'
>;

type TellingType = 'inventory.reserved' | 'inventory.rejected' | 'inventory.released' | 'inventory.shipped';
type Told = { [T in TellingType]: { type: T; data: EventData<T> } }[TellingType];

/** The reservation after an event, the stock it moves, and the events that tell of it. */
export type Reaction = { reservation: Reservation; movements: Movement[]; events: Told[] };

/** What a hold is decided on: the stock as the orders before have left it. */
export type Circumstances = { stock: ReadonlyMap<string, Stock>; expiresAt: Date };

const quietly = (reservation: Reservation): Reaction => ({ reservation, movements: [], events: [] });

/**
 * What a reservation does about an event of its order. It reaches the same end in any order of events, and an
 * event that is repeated gives the same reservation object back.
 */
export function react(reservation: Reservation, event: OrderEvent, now: Circumstances): Reaction {
  switch (event.type) {
    case 'order.confirmation-requested':
      return reservation.items ? quietly(reservation) : hold(reservation, event.data.items, now);
    case 'order.paid':
      return quietly(reservation.paid ? reservation : { ...reservation, paid: true });
    case 'order.cancelled':
      return release(reservation);
    case 'order.shipped':
      return reservation.shipped ? quietly(reservation) : ship({ ...reservation, shipped: true });
    default:
      return event satisfies never;
  }
}

function hold(before: Reservation, wanted: OrderItem[], { stock, expiresAt }: Circumstances): Reaction {
  const items = mergeSameProducts(wanted);
  const asked = { ...before, items };
  if (asked.status !== 'AWAITED') return quietly(asked); // cancelled before it was asked for
  const { orderId } = asked;
  const shortages = shortagesOf(items, stock);
  if (shortages.length > 0) {
    return {
      reservation: { ...asked, status: 'REJECTED' },
      movements: [],
      events: [{ type: 'inventory.rejected', data: { orderId, shortages } }],
    };
  }
  const next = ship({ ...asked, status: 'HELD', expiresAt });
  return {
    reservation: next.reservation,
    movements: [...movementsOf('RESERVED', orderId, items), ...next.movements],
    events: [
      { type: 'inventory.reserved', data: { orderId, expiresAt: expiresAt.toISOString(), items } },
      ...next.events,
    ],
  };
}

function release(reservation: Reservation): Reaction {
  const { orderId, status, items } = reservation;
  if (status === 'AWAITED') return quietly({ ...reservation, status: 'RELEASED' });
  if (status !== 'HELD' || !items) return quietly(reservation);
  return {
    reservation: { ...reservation, status: 'RELEASED' },
    movements: movementsOf('RELEASED', orderId, items),
    events: [{ type: 'inventory.released', data: { orderId, items } }],
  };
}

/** Books the items out once they are held and the order has shipped, whichever was heard of first. */
function ship(reservation: Reservation): Reaction {
  const { orderId, status, items, shipped } = reservation;
  if (status !== 'HELD' || !items || !shipped) return quietly(reservation);
  return {
    reservation: { ...reservation, status: 'SHIPPED' },
    movements: movementsOf('SHIPPED', orderId, items),
    events: [{ type: 'inventory.shipped', data: { orderId, items } }],
  };
}

const movementsOf = (kind: Movement['kind'], orderId: string, items: OrderItem[]): Movement[] =>
  items.map(({ productId, quantity }) => ({ productId, kind, quantity, orderId }));

function shortagesOf(items: OrderItem[], stock: ReadonlyMap<string, Stock>) {
  return items
    .map(({ productId, quantity }) => {
      const found = stock.get(productId);
      return { productId, requested: quantity, available: found ? available(found) : 0 };
    })
    .filter((item) => item.available < item.requested);
}

function mergeSameProducts(items: OrderItem[]): OrderItem[] {
  const merged = new Map<string, number>();
  for (const { productId, quantity } of items) {
    merged.set(productId, (merged.get(productId) ?? 0) + quantity);
  }
  return [...merged].map(([productId, quantity]) => ({ productId, quantity }));
}
