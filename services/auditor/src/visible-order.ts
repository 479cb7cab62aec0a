import { setTimeout as after } from 'node:timers/promises';
import { drawnAt } from '@orderflow/contracts/ids';
import type { Actor } from '@orderflow/service-kit/auth';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Order, PrismaClient } from './generated/prisma/client.ts';

/** Who places an order looks at it at once, while the news of it may still be on their way here. */
const YOUNG_MS = 3_000;
const LOOK_EVERY_MS = 50;

/**
 * An order that the actor may see; one that is seconds old is waited for. Others' orders are as unknown as those
 * that do not exist: `not_found`.
 */
export async function visibleOrder(prisma: PrismaClient, actor: Actor, orderId: string): Promise<Order> {
  const find = () => prisma.order.findFirst({ where: { orderId, ...ownedBy(actor) } });
  const isYoung = () => Math.abs(Date.now() - drawnAt(orderId)) < YOUNG_MS;
  let order = await find();
  while (!order && isYoung()) {
    await after(LOOK_EVERY_MS);
    order = await find();
  }
  if (order) return order;
  throw new ProblemError(
    'not_found',
    `Nothing is known of an order ${orderId}. If you have just placed it, ask again in a moment.`,
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
