import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { type Image, imagePath, imageUrlOf } from '../image.ts';
import { PRODUCT_COLUMNS, type Product, productChanged } from '../product.ts';

// Locks the product, so that its address and the image beside it change together.
const SHOW = `
  UPDATE products SET image_url = $2, sequence = sequence + 1, updated_at = now()
  WHERE id = $1 AND image_url IS DISTINCT FROM $2 RETURNING ${PRODUCT_COLUMNS}`;

const STORE = `
  INSERT INTO product_images (product_id, media_type, sha256, bytes) VALUES ($1, $2, $3, $4)
  ON CONFLICT (product_id) DO UPDATE SET media_type = excluded.media_type, sha256 = excluded.sha256,
    bytes = excluded.bytes, created_at = now()`;

const HIDE = `
  UPDATE products SET image_url = NULL, sequence = sequence + 1, updated_at = now()
  WHERE id = $1 AND starts_with(image_url, $2) RETURNING ${PRODUCT_COLUMNS}`;

type Context = { cause: Cause };

/** Makes an image that of a product. The one it has already is no change. */
export async function setImage(
  tx: Transaction,
  productId: string,
  { image, cause }: Context & { image: Image },
): Promise<void> {
  const [product] = await tx.query<Product>(SHOW, [productId, imageUrlOf(productId, image)]);
  if (!product) return;
  await tx.query(STORE, [productId, image.mediaType, image.sha256, image.bytes]);
  appendToOutbox(tx, [productChanged(product, cause)]);
}

/** Takes the uploaded image of a product away; one that is elsewhere stays, and none is no change. */
export async function removeImage(tx: Transaction, productId: string, { cause }: Context): Promise<void> {
  const [product] = await tx.query<Product>(HIDE, [productId, imagePath(productId)]);
  if (!product) return;
  await forgetImage(tx, productId);
  appendToOutbox(tx, [productChanged(product, cause)]);
}

/** Deletes the bytes, once the product no longer leads to them. */
export const forgetImage = (tx: Transaction, productId: string) =>
  tx.query('DELETE FROM product_images WHERE product_id = $1', [productId]);
