import { z } from 'zod';
import { money, priceCurrency } from '../money.ts';
import { orderItem } from '../order.ts';
import { line, lines } from '../text.ts';
import { pageQuery } from './page.ts';

const imageUrl = z.url({ protocol: /^https?$/ }).max(2000);

export const createProductBody = z.strictObject({
  sku: line(64),
  name: line(200),
  description: lines(5000).default(''),
  price: z.strictObject({ amount: money.shape.amount.min(0), currency: priceCurrency }),
  /** A seller's own when it is left out; others have to say whose product it is. */
  sellerId: line(254).optional(),
  imageUrl: imageUrl.optional(),
  /** Items received with it. */
  stock: z.int().min(0).max(1_000_000_000).default(0),
});

export const editProductBody = createProductBody
  .omit({ sku: true, stock: true, sellerId: true })
  .partial()
  .extend({
    active: z.boolean().optional(),
    description: lines(5000).optional(),
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

/** `POST /api/inventory/{productId}`: set what is there, or change it by a difference. */
export const adjustStockBody = z.union([
  z.strictObject({ onHand: z.int().min(0).max(1_000_000_000), note: lines(500).optional() }),
  z.strictObject({
    change: z.int().min(-1_000_000_000).max(1_000_000_000),
    note: lines(500).optional(),
  }),
]);

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
