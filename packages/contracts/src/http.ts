import { z } from 'zod';
import { money } from './money.ts';
import {
  address,
  cancelReason,
  confirmation,
  orderItem,
  orderLine,
  orderStatus,
  paymentMethod,
  paymentStatus,
  phone,
  quantity,
} from './order.ts';

const items = z.array(orderItem).min(1).max(100);
const personName = z.string().trim().min(1).max(200);

/** `POST /api/orders`, the full form. */
export const placeOrderBody = z.strictObject({
  customer: z.strictObject({ name: personName, email: z.email().max(254), phone: phone.optional() }),
  items,
  shippingAddress: address.optional(),
  /** Charged as soon as the stock is held; without it the order waits for `POST …/pay`. */
  paymentMethod: paymentMethod.optional(),
});

/** The same of a customer, whose name and address are in the token: of `customer` only the phone counts. */
export const placeOwnOrderBody = placeOrderBody.extend({
  customer: placeOrderBody.shape.customer.partial().optional(),
});

/** The public "guest" form; `price` is in major units and must be the catalogue's. */
export const guestOrderBody = z.strictObject({
  customer_name: personName,
  customer_email: z.email().max(254),
  items: z
    .array(z.strictObject({ product_id: z.uuid(), quantity, price: z.number().nonnegative().optional() }))
    .min(1)
    .max(100),
});

/** `POST /order`: the product by name or SKU, the caller's own id as idempotency key. */
export const plainOrderBody = z.strictObject({
  order_id: z.string().min(1).max(100),
  item: z.string().min(1).max(200),
  quantity,
});

export const cancelOrderBody = z.strictObject({ message: z.string().max(500).optional() });
export const shipOrderBody = z.strictObject({ trackingNumber: z.string().min(1).max(100).optional() });

/** `PUT /api/orders/{id}/status`: a second way to the same moves. */
export const orderStatusBody = z.strictObject({
  status: orderStatus,
  message: z.string().max(500).optional(),
});

export const orderView = z.object({
  id: z.uuid(),
  reference: z.string().nullable(),
  status: orderStatus,
  cancelReason: cancelReason.nullable(),
  message: z.string().nullable(),
  paymentStatus,
  customer: z.object({ id: z.uuid(), name: z.string(), email: z.string(), phone: z.string().nullable() }),
  sellerId: z.string(),
  items: z.array(orderLine),
  total: money,
  shippingAddress: address.nullable(),
  trackingNumber: z.string().nullable(),
  confirmation,
  confirmationRequested: z.boolean(),
  expiresAt: z.iso.datetime().nullable(),
  version: z.int(),
  placedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type OrderView = z.infer<typeof orderView>;

/** A page of anything, walked by cursor. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be an ISO 8601 date or time such as 2026-01-31 or 2026-01-31T12:00:00Z',
  })
  .transform((text) => new Date(text));

export const listOrdersQuery = pageQuery.extend({
  status: orderStatus.optional(),
  customerId: z.uuid().optional(),
  sellerId: z.string().min(1).max(254).optional(),
  /** Placed then or later. A date alone is its first moment in UTC. */
  from: moment.optional(),
  /** Placed before then. */
  to: moment.optional(),
  /** Text in the reference, the customer's name or e-mail, an item's name or SKU; or how the id begins. */
  q: z.string().trim().min(1).max(200).optional(),
});

export const sellerSettings = z.strictObject({ confirmation });

const imageUrl = z.url({ protocol: /^https?$/ }).max(2000);

export const createProductBody = z.strictObject({
  sku: z.string().trim().min(1).max(64),
  name: z.string().trim().min(1).max(200),
  description: z.string().max(5000).default(''),
  price: z.strictObject({ amount: money.shape.amount.min(0), currency: money.shape.currency }),
  /** A seller's own when it is left out; others have to say whose product it is. */
  sellerId: z.string().trim().min(1).max(254).optional(),
  imageUrl: imageUrl.optional(),
  /** Items received with it. */
  stock: z.int().min(0).max(1_000_000_000).default(0),
});

export const editProductBody = createProductBody
  .omit({ sku: true, stock: true, sellerId: true })
  .partial()
  .extend({
    active: z.boolean().optional(),
    description: z.string().max(5000).optional(),
    /** Null takes the image away; an uploaded one goes with it. */
    imageUrl: imageUrl.nullable().optional(),
  });

export const listProductsQuery = pageQuery
  .extend({
    /** Carries the name where the last page ended, so it is longer than others. */
    cursor: z.string().max(1_200).optional(),
    sellerId: z.string().max(254).optional(),
    /** Words of the name, the SKU or the description; the last may be the beginning of one. */
    q: z.string().trim().max(200).optional(),
    /** In minor units of `currency`. */
    minPrice: z.coerce.number().int().min(0).optional(),
    maxPrice: z.coerce.number().int().min(0).optional(),
    currency: money.shape.currency.optional(),
    /** `true` leaves out what cannot be ordered now. */
    inStock: z.stringbool().optional(),
    /** `true` leaves out what was withdrawn; only its seller sees that anyway. */
    active: z.stringbool().optional(),
    /** `relevance` for searches and `newest` for others, unless told otherwise; `price` is the lowest first. */
    sort: z.enum(['relevance', 'newest', 'price', 'name']).optional(),
  })
  .refine(({ minPrice, maxPrice, currency }) => currency ?? (minPrice ?? maxPrice) === undefined, {
    path: ['currency'],
    message: 'must be given with minPrice and maxPrice',
  })
  .refine(({ sort, q }) => sort !== 'relevance' || q, {
    path: ['sort'],
    message: 'must be another one without q',
  });

/** What `PUT /api/products/{id}/image` takes, as the body itself. */
export const imageMediaType = z.enum(['image/png', 'image/jpeg', 'image/webp']);
export type ImageMediaType = z.infer<typeof imageMediaType>;
export const MAX_IMAGE_BYTES = 2 * 1024 * 1024;

/** `GET /api/products/{id}/image`: with the hash of the image the answer may be kept for good. */
export const imageQuery = z.object({ v: z.string().max(64).optional() });

export const stockView = z.object({
  received: z.int(),
  onHand: z.int(),
  reserved: z.int(),
  available: z.int(),
  shipped: z.int(),
});

export const productView = z.object({
  id: z.uuid(),
  sku: z.string(),
  name: z.string(),
  description: z.string(),
  price: money,
  sellerId: z.string(),
  imageUrl: z.string().nullable(),
  active: z.boolean(),
  stock: stockView,
  version: z.int(),
  createdAt: z.iso.datetime(),
});
export type ProductView = z.infer<typeof productView>;

/** A product's stock, with what people know it by. */
export const inventoryView = z.object({
  productId: z.uuid(),
  sku: z.string(),
  name: z.string(),
  ...stockView.shape,
});
export type InventoryView = z.infer<typeof inventoryView>;

/** A product as `GET /inventory` shows it: what can still be ordered, and the price in major units. */
export const plainProductView = z.object({
  product_id: z.uuid(),
  name: z.string(),
  quantity: z.int(),
  reserved: z.int(),
  price: z.number(),
});

/** `POST /api/inventory/{productId}`: set what is there, or change it by a difference. */
export const adjustStockBody = z.union([
  z.strictObject({ onHand: z.int().min(0).max(1_000_000_000), note: z.string().max(500).optional() }),
  z.strictObject({
    change: z.int().min(-1_000_000_000).max(1_000_000_000),
    note: z.string().max(500).optional(),
  }),
]);

/** `POST /inventory`: the same by the product's name or SKU. */
export const plainStockBody = z.strictObject({
  item: z.string().min(1).max(200),
  stock: z.int().min(0).max(1_000_000_000),
});

export const movementView = z.object({
  id: z.uuid(),
  productId: z.uuid(),
  kind: z.enum(['RECEIVED', 'ADJUSTED', 'RESERVED', 'RELEASED', 'SHIPPED']),
  quantity: z.int(),
  orderId: z.uuid().nullable(),
  note: z.string().nullable(),
  /** Who brought it about; null for those from before this was noted. */
  actor: z.string().nullable(),
  at: z.iso.datetime(),
});

/** AWAITED: something was heard of the order, but not what it wants. RELEASED: it was cancelled, nothing is held. */
export const reservationStatus = z.enum(['AWAITED', 'HELD', 'REJECTED', 'RELEASED', 'SHIPPED']);

export const reservationView = z.object({
  orderId: z.uuid(),
  status: reservationStatus,
  items: z.array(orderItem),
  paid: z.boolean(),
  /** Null when the hold has no end: it is paid, or nothing is held. */
  expiresAt: z.iso.datetime().nullable(),
});
export type ReservationView = z.infer<typeof reservationView>;

/** `POST …/pay`: a stored method, or a card that is turned into one at the provider. */
export const card = z.strictObject({
  number: z
    .string()
    .transform((digits) => digits.replaceAll(/[ -]/g, ''))
    .pipe(z.string().regex(/^\d{12,19}$/, 'must be a card number')),
  expMonth: z.int().min(1).max(12),
  expYear: z.int().min(2000).max(2100),
  cvc: z.string().regex(/^\d{3,4}$/),
});
export const payOrderBody = z.union([z.strictObject({ paymentMethod }), z.strictObject({ card })]);

export const paymentView = z.object({
  id: z.uuid(),
  orderId: z.uuid(),
  amount: money,
  status: z.enum(['DUE', 'CHARGING', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDING', 'REFUNDED']),
  providerReference: z.string().nullable(),
  refundReference: z.string().nullable(),
  declineCode: z.string().nullable(),
  attempts: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PaymentView = z.infer<typeof paymentView>;

export const listPaymentsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  status: paymentView.shape.status.optional(),
});

/** `POST /api/payments/methods`: a card that is turned into a payment method. */
export const paymentMethodBody = z.strictObject({ card });
export const paymentMethodView = z.object({ paymentMethod });

export const notificationView = z.object({
  id: z.uuid(),
  orderId: z.uuid(),
  channel: z.enum(['email', 'sms']),
  template: z.string(),
  recipient: z.string(),
  subject: z.string(),
  status: z.enum(['PENDING', 'SENT', 'FAILED']),
  sentAt: z.iso.datetime().nullable(),
});
export type NotificationView = z.infer<typeof notificationView>;

export const listNotificationsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  channel: notificationView.shape.channel.optional(),
  status: notificationView.shape.status.optional(),
});

/** `GET /notifications`. */
export const plainNotificationsQuery = z.object({ order_id: z.uuid().optional() });
export const plainNotificationView = z.object({
  order_id: z.uuid(),
  channel: notificationView.shape.channel,
  recipient: z.string(),
  subject: z.string(),
  sent_at: z.iso.datetime(),
});

export const createCustomerBody = z.strictObject({
  name: personName,
  email: z.email().max(254),
  phone: phone.optional(),
  address: address.optional(),
});
export const editCustomerBody = createCustomerBody.omit({ email: true }).partial();

export const customerView = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string(),
  phone: z.string().nullable(),
  address: address.nullable(),
  guest: z.boolean(),
  createdAt: z.iso.datetime(),
});
export type CustomerView = z.infer<typeof customerView>;

export const timelineEntry = z.object({
  eventId: z.uuid(),
  type: z.string(),
  source: z.string(),
  sequence: z.int(),
  time: z.iso.datetime(),
  recordedAt: z.iso.datetime(),
  actor: z.string(),
  correlationId: z.string(),
  causationId: z.uuid().nullable(),
  attempt: z.int(),
  data: z.unknown(),
});
export const timelineView = z.object({ orderId: z.uuid(), events: z.array(timelineEntry) });
export type TimelineView = z.infer<typeof timelineView>;

/** `GET /api/orders/{id}/events`: where a stream of server-sent events goes on; the header `Last-Event-ID` counts first. */
export const liveEventsQuery = z.object({
  lastEventId: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
});

/** An event as `GET /api/audit/events` shows it. */
export const auditEventView = timelineEntry.extend({
  subject: z.string(),
  orderId: z.uuid().nullable(),
  traceparent: z.string().nullable(),
});
export type AuditEventView = z.infer<typeof auditEventView>;

const auditWord = z.string().regex(/^[\w.:-]{1,100}$/, 'must be letters, digits and any of . : _ -');

export const listAuditEventsQuery = pageQuery.extend({
  type: auditWord.optional(),
  source: auditWord.optional(),
  orderId: z.uuid().optional(),
  correlationId: auditWord.optional(),
});

/** `GET /api/audit`: who did what when; `from` is the first moment, `to` the first one after. */
export const listAuditQuery = pageQuery.extend({
  actor: z.string().min(1).max(300).optional(),
  type: auditWord.optional(),
  orderId: z.uuid().optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

/** Something that a person, or one of the system's own parts by the internal token, did. */
export const auditLine = z.object({
  id: z.uuid(),
  time: z.iso.datetime(),
  actor: z.string(),
  /** The type of the event that tells of it, or what was done to dead letters. */
  type: z.string(),
  service: z.string(),
  orderId: z.uuid().nullable(),
  subject: z.string(),
  correlationId: z.string(),
  reason: z.string().nullable(),
  details: z.unknown(),
});
export type AuditLine = z.infer<typeof auditLine>;

export const deathReason = z.enum(['unreadable', 'failed', 'killed_consumer']);
const deadLetterIds = z.array(z.uuid().toLowerCase()).min(1).max(500);
const deadLetterFilter = z.strictObject({
  reason: deathReason.optional(),
  stream: z.string().min(1).max(200).optional(),
});

export const listDeadLettersQuery = pageQuery.extend({
  ...deadLetterFilter.shape,
  state: z.enum(['dead', 'discarded']).default('dead'),
});
export type ListDeadLettersQuery = z.infer<typeof listDeadLettersQuery>;

/** `POST …/redrive`: these, or all that a filter fits. */
export const deadLetterSelection = z.union([
  z.strictObject({ ids: deadLetterIds }),
  deadLetterFilter.extend({ all: z.literal(true) }),
]);
export type DeadLetterSelection = z.infer<typeof deadLetterSelection>;

export const discardDeadLettersBody = z.strictObject({
  ids: deadLetterIds,
  reason: z.string().trim().min(1).max(500),
});
/** The same between services, with the name of the person who asked. */
export const internalDiscardBody = discardDeadLettersBody.extend({
  by: z.string().min(1).max(300).optional(),
});

export const deadLetterView = z.object({
  id: z.uuid(),
  /** Who gave up on it: the service, which is also the name of its consumer group. */
  service: z.string(),
  /** The id of the event, or stream/entry when it has none. */
  key: z.string(),
  type: z.string().nullable(),
  orderId: z.uuid().nullable(),
  stream: z.string(),
  entryId: z.string(),
  reason: deathReason,
  /** Its first line. */
  error: z.string(),
  attempts: z.int(),
  diedAt: z.iso.datetime(),
  discarded: z.object({ reason: z.string(), by: z.string(), at: z.iso.datetime() }).nullable(),
});
export type DeadLetterView = z.infer<typeof deadLetterView>;

/** One with its whole error and the event as it came. */
export const deadLetterDetail = deadLetterView.extend({ body: z.string() });
export type DeadLetterDetail = z.infer<typeof deadLetterDetail>;

export const deadLetterPage = pageOf(deadLetterView);
export type DeadLetterPage = z.infer<typeof deadLetterPage>;

/** `GET /api/dead-letters`: of all services, or of one; those that did not answer are named. */
export const deadLetterOverviewQuery = listDeadLettersQuery.extend({
  service: auditWord.optional(),
  group: auditWord.optional(),
});
export const deadLetterOverview = deadLetterPage.extend({ unavailable: z.array(z.string()) });
export type DeadLetterOverview = z.infer<typeof deadLetterOverview>;

/** How many were redriven or discarded, and which ids there were no dead letters of. */
export const deadLettersMoved = z.object({ count: z.int(), missing: z.array(z.uuid()) });
export type DeadLettersMoved = z.infer<typeof deadLettersMoved>;
