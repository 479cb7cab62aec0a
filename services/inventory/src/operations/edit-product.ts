import type { editProductBody } from '@orderflow/contracts/http/catalogue';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import { PRODUCT_COLUMNS, type Product, productChanged } from '../product.ts';
import { forgetImage } from './set-image.ts';

const UPDATE = `
  UPDATE products SET name = coalesce($2, name), description = coalesce($3, description),
    price = coalesce($4, price), currency = coalesce($5, currency), active = coalesce($6, active),
    image_url = CASE WHEN $7 THEN $8 ELSE image_url END, sequence = sequence + 1,
    updated_at = now()
  WHERE id = $1 RETURNING ${PRODUCT_COLUMNS}`;

/** Changes what the catalogue says of a product; an image address of another place, or none, ends the uploaded one. Throws `not_found`. */
export async function editProduct(
  tx: Transaction,
  productId: string,
  { changes, cause }: { changes: z.infer<typeof editProductBody>; cause: Cause },
): Promise<void> {
  const { name, description, price, imageUrl, active } = changes;
  const otherImage = imageUrl !== undefined;
  const values = [
    productId,
    name,
    description,
    price?.amount,
    price?.currency,
    active,
    otherImage,
    imageUrl ?? null,
  ];
  const [product] = await tx.query<Product>(UPDATE, values);
  if (!product) throw new ProblemError('not_found', `There is no product ${productId}.`);
  if (otherImage) await forgetImage(tx, productId);
  appendToOutbox(tx, [productChanged(product, cause)]);
}
