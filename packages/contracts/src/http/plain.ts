import { z } from 'zod';
import { personName, quantity } from '../order.ts';
import { notificationView } from './notifications.ts';

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

/** A product as `GET /inventory` shows it: what can still be ordered, and the price in major units. */
export const plainProductView = z.object({
  product_id: z.uuid(),
  name: z.string(),
  quantity: z.int(),
  reserved: z.int(),
  price: z.number(),
});

/** `POST /inventory`: the same by the product's name or SKU. */
export const plainStockBody = z.strictObject({
  item: z.string().min(1).max(200),
  stock: z.int().min(0).max(1_000_000_000),
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
