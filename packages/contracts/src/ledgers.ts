import { z } from 'zod';
import { storableTime } from './time.ts';

/**
 * The books that each service opens to the auditor, and to nobody else: `POST /internal/ledgers/NAME`, which the
 * gateway leads nobody to. One page says everything that a service knows about each order in it.
 */

/** Any uuid that Postgres can hold: what somebody has edited is to be read, and found. */
const id = z.guid();
const amount = z.int();
const time = z.iso.datetime({ offset: true });

/** Which orders a page is about: those named, or those after one in order of id, which is the order of placing. */
export const ledgerQuery = z.union([
  z.strictObject({ orders: z.array(id).min(1).max(500) }),
  z.strictObject({
    after: id.nullable(),
    /** The last order that may be in it. */
    until: id.nullable(),
    limit: z.int().min(1).max(1_000),
  }),
]);
export type LedgerQuery = z.infer<typeof ledgerQuery>;

/** `next` is the order to go on after; null when there is no further one in the range. */
export const ledgerPage = <T extends z.ZodType>(entry: T) =>
  z.object({ items: z.array(entry), next: id.nullable() });
export type LedgerPage<Entry> = { items: Entry[]; next: string | null };

/** Number of the last event that the row has written to the outbox; 0 before the first. */
const sequence = z.int();

/** `orders` of the order service. Addresses are personal data: they stay out of logs and metrics. */
export const orderEntry = z.object({
  orderId: id,
  status: z.enum(['PENDING', 'CONFIRMED', 'PAID', 'SHIPPED', 'FULFILLED', 'CANCELLED']),
  cancelReason: z.string().nullable(),
  message: z.string().nullable(),
  trackingNumber: z.string().nullable(),
  paymentStatus: z.string(),
  refundedAtProvider: amount.default(0),
  dispute: z.string().nullable().default(null),
  paymentMethod: z.string().nullable(),
  confirmation: z.string(),
  confirmationRequested: z.boolean(),
  customerId: id,
  customerName: z.string(),
  customerEmail: z.string(),
  customerPhone: z.string().nullable(),
  guest: z.boolean(),
  sellerId: z.string(),
  shippingAddress: z.unknown(),
  correlationId: z.string(),
  sequence,
  total: amount,
  currency: z.string(),
  /** Someone must confirm it by hand, and has not yet. */
  awaitsSeller: z.boolean(),
  /** A payment method came with it, or it is free: nobody has to pay by a form. */
  chargedAtOnce: z.boolean(),
  items: z.array(
    z.object({
      line: z.int(),
      productId: id,
      quantity: z.int(),
      sku: z.string(),
      name: z.string(),
      unitPrice: amount,
    }),
  ),
  expiresAt: time.nullable(),
  placedAt: time,
  updatedAt: time,
});
export type OrderEntry = z.infer<typeof orderEntry>;

/** `reservations` of inventory, with what the movement ledger says about the order. */
export const reservationEntry = z.object({
  orderId: id,
  /** `none`: movements without a reservation, or only news of the order so far. */
  status: z.enum(['none', 'HELD', 'REJECTED', 'RELEASED', 'SHIPPED']),
  items: z.array(z.object({ productId: id, quantity: z.int() })),
  movements: z.array(
    z.object({
      productId: id,
      kind: z.enum(['RESERVED', 'RELEASED', 'SHIPPED']),
      /** How many rows, and what they come to. */
      count: z.int(),
      quantity: z.int(),
    }),
  ),
  expiresAt: time.nullable(),
  /** Marks of what inventory has heard of the order. */
  paid: z.boolean(),
  shipped: z.boolean(),
  expiryAnnounced: z.boolean(),
  correlationId: z.string().nullable(),
  sequence,
  updatedAt: time,
});
export type ReservationEntry = z.infer<typeof reservationEntry>;

/** `payments` of payment. */
export const paymentEntry = z.object({
  orderId: id,
  status: z.string(),
  amount: amount.nullable(),
  currency: z.string().nullable(),
  captured: amount,
  refunded: amount,
  /** The provider was asked, or is to be asked, and its answer is not known yet. */
  unknownOutcome: z.boolean(),
  paymentId: id,
  customerId: id.nullable(),
  sellerId: z.string().nullable(),
  paymentMethod: z.string().nullable(),
  providerReference: z.string().nullable(),
  refundReference: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** Why the provider refuses it for good, as a code. Payments of the last release are never blocked. */
  blocked: z.string().nullable().default(null),
  /** How a person decided about it. */
  resolution: z.string().nullable().default(null),
  /** What went back by hand at the provider; \`refunded\` is without it. */
  refundedOutside: amount.default(0),
  dispute: z.string().nullable().default(null),
  /** It has heard that the order is cancelled. */
  cancelled: z.boolean(),
  /** A call of the provider is scheduled. */
  callDue: z.boolean(),
  /** Correlation ids of what led to the charge and to the cancellation. */
  correlationId: z.string().nullable(),
  cancelCorrelationId: z.string().nullable(),
  sequence,
  updatedAt: time,
});
export type PaymentEntry = z.infer<typeof paymentEntry>;

/** `charges` of the bank: what really moved, and what it declined. `reference` is the order's id, or what was there instead. */
export const chargeEntry = z.object({
  orderId: id,
  charges: z.int(),
  refunds: z.int(),
  captured: amount,
  refunded: amount,
  currency: z.string(),
  rows: z.array(
    z.object({
      /** The provider's reference: `ch_` or `re_` and the position. */
      id: z.string(),
      kind: z.string(),
      key: z.string(),
      amount,
      currency: z.string(),
      paymentMethod: z.string().nullable(),
      declineCode: z.string().nullable(),
      /** The charge that a refund gives back. */
      charge: z.string().nullable(),
      /** How much of a charge was given back. */
      refunded: amount,
    }),
  ),
  /** Charges that it declined; missing from a bank of the release before. */
  declined: z
    .array(
      z.object({
        id: z.string(),
        kind: z.string(),
        key: z.string(),
        amount,
        currency: z.string(),
        paymentMethod: z.string().nullable(),
        declineCode: z.string().nullable(),
      }),
    )
    .optional(),
});
export type ChargeEntry = z.infer<typeof chargeEntry>;

/** `GET /internal/ledgers/strays` of the bank: what succeeded with a reference that is no order's id. */
export const straysView = z.object({
  count: z.int(),
  some: z.array(
    z.object({ id: z.string(), reference: z.string(), amount: z.number(), currency: z.string() }),
  ),
});
export type Strays = z.infer<typeof straysView>;

/** `messages` of notification: how the customer of an order is reached, and every message about it. */
export const messageEntry = z.object({
  orderId: id,
  customerId: id.nullable(),
  /** The contact as it is kept; null while only later events of the order were heard of. */
  contact: z.unknown(),
  messages: z.array(
    z.object({
      id,
      eventId: id,
      template: z.string(),
      channel: z.string(),
      status: z.string(),
      /** Its server refused it as often as it takes to be FAILED. */
      refused: z.boolean(),
      recipient: z.string().nullable(),
      correlationId: z.string(),
      /** Digest of its words, as the receiver computes it too; null while it waits for its contact. */
      words: z.string().nullable(),
    }),
  ),
});
export type MessageEntry = z.infer<typeof messageEntry>;

/** `deliveries` of the postbox: what arrived about an order, a message that came again only once. */
export const deliveryEntry = z.object({
  orderId: id,
  deliveries: z.array(
    z.object({
      messageId: z.string(),
      channel: z.string(),
      subject: z.string(),
      recipient: z.string(),
      words: z.string(),
    }),
  ),
});
export type DeliveryEntry = z.infer<typeof deliveryEntry>;

/** `mails` of the postbox: what arrived about no order, those that are named, or in order of id. */
export const mailQuery = z.union([
  z.strictObject({ mails: z.array(id).min(1).max(500) }),
  z.strictObject({ after: id.nullable(), limit: z.int().min(1).max(500) }),
]);
export type MailQuery = z.infer<typeof mailQuery>;
export const mailEntry = z.object({
  id,
  messageId: z.string(),
  channel: z.string(),
  subject: z.string(),
  recipient: z.string(),
  receivedAt: z.string().nullable(),
});
export type MailEntry = z.infer<typeof mailEntry>;

/**
 * Sums every movement there ever was. Else sums that were taken before are gone on from: what somebody has edited
 * below them is not seen, and a replica whose clock is behind by minutes may be missed. So a difference that was found
 * without it is to be looked at with it before it is believed, and it is to be asked for now and then.
 */
const full = z.boolean().default(false);
/** `stock` of inventory, asked by product: the columns beside what the movement ledger and the reservations come to. */
export const stockQuery = z.union([
  z.strictObject({ products: z.array(id).min(1).max(500), full }),
  z.strictObject({ after: id.nullable(), limit: z.int().min(1).max(500), full }),
]);
export type StockQuery = z.infer<typeof stockQuery>;
export const stockEntry = z.object({
  productId: id,
  sku: z.string(),
  received: z.int(),
  onHand: z.int(),
  reserved: z.int(),
  shipped: z.int(),
  name: z.string(),
  price: amount,
  currency: z.string(),
  sellerId: z.string(),
  active: z.boolean(),
  sequence,
  updatedAt: time,
  /** By the movements. */
  ledger: z.object({ received: z.int(), reserved: z.int(), shipped: z.int() }),
  /** By the reservations that are held. */
  held: z.int(),
});
export type StockEntry = z.infer<typeof stockEntry>;

/** `products` of the order service: its copy of the catalogue, of the products that are named. */
export const productsQuery = z.strictObject({ products: z.array(id).min(1).max(500) });
export const productEntry = stockEntry
  .pick({ productId: true, sku: true, name: true, price: true, currency: true, sellerId: true })
  .extend({ active: z.boolean(), sequence });
export type ProductEntry = z.infer<typeof productEntry>;

/**
 * `events` of every producer: what it has written to its outbox, those that are named, or in order of event id up to a time, which is compared
 * with the time that an id was drawn. Ids are drawn before they are committed: a time that is younger than the longest
 * transaction may pass some by. Published rows are gone after seven days.
 */
export const eventsQuery = z.union([
  z.strictObject({ events: z.array(id).min(1).max(500) }),
  z.strictObject({
    after: id.nullable(),
    until: storableTime,
    limit: z.int().min(1).max(5_000),
  }),
]);
export type EventsQuery = z.infer<typeof eventsQuery>;
export const eventEntry = z.object({
  id,
  type: z.string(),
  subject: z.string(),
  /** Digest of the whole envelope. */
  digest: z.string(),
});
export type EventEntry = z.infer<typeof eventEntry>;

/** A heap of work that should be small: how much, since when, and some of it. */
const heap = z.object({ count: z.int(), oldest: time.nullable(), some: z.array(z.string()) });

/** `GET /internal/ledgers/backlog` of every service that exchanges events. */
export const backlogView = z.object({
  /** Outbox rows that are not published. */
  outbox: heap,
  /** Entries of its consumer group that were delivered and not acknowledged, or not delivered; null without Redis. */
  pending: heap.nullable(),
  /** Events that wait for their next attempt in Postgres. */
  retries: heap,
  deadLetters: heap,
});
export type Backlog = z.infer<typeof backlogView>;
