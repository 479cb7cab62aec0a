import type {
  Backlog,
  ChargeEntry,
  DeliveryEntry,
  EventEntry,
  MessageEntry,
  OrderEntry,
  PaymentEntry,
  ReservationEntry,
  StockEntry,
} from '@orderflow/contracts/ledgers';

/** What each ledger says of one order; missing where it says nothing. */
export type OrderBooks = {
  orderId: string;
  orders?: OrderEntry;
  reservations?: ReservationEntry;
  payments?: PaymentEntry;
  charges?: ChargeEntry;
  messages?: MessageEntry;
  /** Missing only where nobody counts what arrives. */
  deliveries?: DeliveryEntry;
};

/** What waits in one service. */
export type ServiceBacklog = { service: string; backlog: Backlog };

/** The numbers that one source's events about one subject have, among those that are recorded here. */
export type Sequence = {
  source: string;
  subject: string;
  orderId: string | null;
  events: number;
  distinct: number;
  last: number;
  /** When the latest of them was recorded, in epoch milliseconds. */
  recordedAt: number;
};

/** An event in the outbox of its producer, and whether it is recorded here. */
export type WrittenEvent = EventEntry & { source: string; kept: boolean };

/** What invariants are about, by kind. */
export type Things = {
  order: OrderBooks;
  product: StockEntry;
  service: ServiceBacklog;
  sequence: Sequence;
  event: WrittenEvent;
};
export type Kind = keyof Things;

/** The name of a thing, the same at each look. */
export const keyOf: { [K in Kind]: (thing: Things[K]) => string } = {
  order: ({ orderId }) => orderId,
  product: ({ productId }) => productId,
  service: ({ service }) => service,
  sequence: ({ source, subject }) => `${source} ${subject}`,
  event: ({ source, id }) => `${source} ${id}`,
};

const ofNoOrder: readonly string[] = ['product.changed', 'customer.created', 'notification.sent'];

/** The order that a thing is about. */
export const orderOf: { [K in Kind]: (thing: Things[K]) => string | null } = {
  order: ({ orderId }) => orderId,
  product: () => null,
  service: () => null,
  sequence: ({ orderId }) => orderId,
  event: ({ type, subject }) => (ofNoOrder.includes(type) ? null : subject),
};

/** When anything about the order last changed, by the ledgers that say so. */
export function lastChange({ orders, reservations, payments }: OrderBooks): number {
  const times = [orders, reservations, payments].map((entry) => Date.parse(entry?.updatedAt ?? ''));
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}
