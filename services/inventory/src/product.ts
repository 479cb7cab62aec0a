import type { Cause, Draft } from '@orderflow/messaging/outbox';

/** A product as its events tell of it. `sequence` is that of its last event. */
export type Product = {
  id: string;
  sku: string;
  name: string;
  price: number;
  currency: string;
  sellerId: string;
  active: boolean;
  sequence: number;
};

/** The columns of `Product`, for RETURNING. */
export const PRODUCT_COLUMNS = 'id, sku, name, price, currency, seller_id AS "sellerId", active, sequence';

export const productChanged = (product: Product, cause: Cause): Draft => ({
  type: 'product.changed',
  subject: product.id,
  sequence: product.sequence,
  cause,
  data: {
    productId: product.id,
    sku: product.sku,
    name: product.name,
    price: { amount: product.price, currency: product.currency },
    sellerId: product.sellerId,
    active: product.active,
  },
});

/** A readable SKU for a product that came with a name only: "Blue Mug, 0.3 l" → BLUE-MUG-0-3-L. */
export const skuOf = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64);
