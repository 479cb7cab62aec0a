import { ProblemError } from '@orderflow/service-kit/problem';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { type ProductRow, withStock } from '../views.ts';

/** A product with its stock. Throws `not_found`. */
export async function readProduct(prisma: PrismaClient, id: string): Promise<ProductRow> {
  const row = await prisma.product.findUnique({ where: { id }, include: withStock });
  if (!row) throw new ProblemError('not_found', `There is no product ${id}.`);
  return row;
}
