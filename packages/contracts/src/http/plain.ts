import { z } from 'zod';
import { personName, quantity } from '../order.ts';
import { email, line } from '../text.ts';
import { notificationView } from './notifications.ts';

/** The public "guest" form; `price` is in major units and must be the catalogue's. */
export const guestOrderBody = z.strictObject({
  customer_name: personName,
  customer_email: email,
  items: z
    .array(z.strictObject({ product_id: z.uuid(), quantity, price: z.number().nonnegative().optional() }))
    .min(1)
    .max(100),
});

/** `POST /order`: the product by name or SKU, the caller's own id as idempotency key. */
export const plainOrderBody = z.strictObject({
  order_id: line(100),
  item: line(200),
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
  item: line(200),
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
