import type { OrderView } from '@orderflow/contracts/http';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { toView, withItems } from '../views.ts';

/** An order as it is now. Throws `not_found`. */
export async function readOrder(prisma: PrismaClient, id: string): Promise<OrderView> {
  const row = await prisma.order.findUnique({ where: { id }, include: withItems });
  if (!row) throw new ProblemError('not_found', `There is no order ${id}.`);
  return toView(row);
}
