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

export const listOrdersQuery = pageQuery.extend({
  status: orderStatus.optional(),
  customerId: z.uuid().optional(),
});

export const sellerSettings = z.strictObject({ confirmation });

export const createProductBody = z.strictObject({
  sku: z.string().trim().min(1).max(64),
  name: z.string().trim().min(1).max(200),
  description: z.string().max(5000).default(''),
  price: z.strictObject({ amount: money.shape.amount.min(0), currency: money.shape.currency }),
  sellerId: z.string().trim().min(1).max(254),
  imageUrl: z.url().max(2000).optional(),
  /** Items received with it. */
  stock: z.int().min(0).max(1_000_000_000).default(0),
});

export const editProductBody = createProductBody
  .omit({ sku: true, stock: true, sellerId: true })
  .partial()
  .extend({ active: z.boolean().optional(), description: z.string().max(5000).optional() });

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
  at: z.iso.datetime(),
});

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
