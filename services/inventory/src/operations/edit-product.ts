import type { editProductBody } from '@orderflow/contracts/http';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import { PRODUCT_COLUMNS, type Product, productChanged } from '../product.ts';

const UPDATE = `
  UPDATE products SET name = coalesce($2, name), description = coalesce($3, description),
    price = coalesce($4, price), currency = coalesce($5, currency), image_url = coalesce($6, image_url),
    active = coalesce($7, active), sequence = sequence + 1
  WHERE id = $1 RETURNING ${PRODUCT_COLUMNS}`;

/** Changes what the catalogue says of a product. Throws `not_found`. */
export async function editProduct(
  tx: Transaction,
  productId: string,
  { changes, cause }: { changes: z.infer<typeof editProductBody>; cause: Cause },
): Promise<void> {
  const { name, description, price, imageUrl, active } = changes;
  const values = [productId, name, description, price?.amount, price?.currency, imageUrl, active];
  const [product] = await tx.query<Product>(UPDATE, values);
  if (!product) throw new ProblemError('not_found', `There is no product ${productId}.`);
  await appendToOutbox(tx, [productChanged(product, cause)]);
}
