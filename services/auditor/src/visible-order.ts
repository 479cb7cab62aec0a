import type { Actor } from '@orderflow/service-kit/auth';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Order, PrismaClient } from './generated/prisma/client.ts';

/** An order that the actor may see. Others' orders are as unknown as those that do not exist: `not_found`. */
export async function visibleOrder(prisma: PrismaClient, actor: Actor, orderId: string): Promise<Order> {
  const order = await prisma.order.findFirst({ where: { orderId, ...ownedBy(actor) } });
  if (order) return order;
  throw new ProblemError(
    'not_found',
    `Nothing is known of an order ${orderId}. If it was placed this second, ask again in the next.`,
  );
}

function ownedBy(actor: Actor): { customerId?: string; sellerId?: string } {
  switch (actor.kind) {
    case 'customer':
      return { customerId: actor.customerId };
    case 'seller':
      return { sellerId: actor.sellerId };
    case 'admin':
    case 'service':
      return {};
  }
}
