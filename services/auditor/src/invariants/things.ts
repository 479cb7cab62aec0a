import type {
  Backlog,
  ChargeEntry,
  DeliveryEntry,
  EventEntry,
  MailEntry,
  MessageEntry,
  OrderEntry,
  PaymentEntry,
  ProductEntry,
  ReservationEntry,
  StockEntry,
  Strays,
} from '@orderflow/contracts/ledgers';
import type { UnreadableRow } from '../ledger-page.ts';
import type { RecordedProduct } from './expected/expected-product.ts';
import type { RecordedOrder } from './expected/recorded-order.ts';

/** Rows that a ledger has and that cannot be read, by ledger: what it says of the thing is then not known. */
type Unreadable = Partial<Record<string, UnreadableRow>>;

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
  'recorded events'?: RecordedOrder;
  unreadable?: Unreadable;
};

/** What each ledger says of one product; missing where it says nothing. */
export type ProductBooks = {
  productId: string;
  stock?: StockEntry;
  /** The copy that orders are priced by. */
  products?: ProductEntry;
  'recorded events'?: RecordedProduct;
  unreadable?: Unreadable;
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
  /** When the latest of them was recorded, and when it was made, in epoch milliseconds. */
  recordedAt: number;
  madeAt: number;
};

/** An event in the outbox of its producer, and whether it is recorded here. */
export type WrittenEvent = EventEntry & {
  source: string;
  kept: boolean;
  recordedDigest: string | null;
  /** By its id, in epoch milliseconds. */
  writtenAt: number;
};

/** What arrived about no order, and to which address an event asks for it; null for none. */
export type Mail = MailEntry & {
  /** The postbox still has it. */
  isThere: boolean;
  askedFor: string | null;
};

/** What moved at the bank for no order. */
export type BankStrays = { bank: string; strays: Strays };

/** What invariants are about, by kind. */
export type Things = {
  order: OrderBooks;
  product: ProductBooks;
  bank: BankStrays;
  service: ServiceBacklog;
  sequence: Sequence;
  event: WrittenEvent;
  mail: Mail;
};
export type Kind = keyof Things;

/** The name of a thing, the same at each look. */
export const keyOf: { [K in Kind]: (thing: Things[K]) => string } = {
  order: ({ orderId }) => orderId,
  product: ({ productId }) => productId,
  bank: ({ bank }) => bank,
  service: ({ service }) => service,
  sequence: ({ source, subject }) => `${source} ${subject}`,
  event: ({ source, id }) => `${source} ${id}`,
  mail: ({ id }) => id,
};

/** Whoever edits an outbox may leave any text there. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
const ofNoOrder: readonly string[] = ['product.changed', 'customer.created', 'notification.sent'];

/** The order that a thing is about. */
export const orderOf: { [K in Kind]: (thing: Things[K]) => string | null } = {
  order: ({ orderId }) => orderId,
  product: () => null,
  bank: () => null,
  service: () => null,
  sequence: ({ orderId }) => orderId,
  mail: () => null,
  event: ({ type, subject }) => (ofNoOrder.includes(type) || !isId(subject) ? null : subject),
};

/** When an order last changed, by each ledger that says so, in epoch milliseconds. */
export const changesOf = ({ orders, reservations, payments }: OrderBooks): number[] =>
  [orders, reservations, payments].flatMap((entry) => (entry ? [Date.parse(entry.updatedAt)] : []));
