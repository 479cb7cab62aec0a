import type { Actor } from '@orderflow/service-kit/auth';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { KnownOrder, OrderWaits } from './order-waits.ts';

type Options = {
  prisma: PrismaClient;
  waits: OrderWaits;
  actor: Actor;
  orderId: string;
  /** Fires when the client leaves. */
  left: AbortSignal;
};

/**
 * Returns an order that the actor may see; one that is seconds old is waited for. Others' orders are as unknown as those
 * that do not exist: `not_found`.
 */
export async function visibleOrder({ prisma, waits, actor, orderId, left }: Options): Promise<KnownOrder> {
  const owned = ownedBy(actor);
  const known = await prisma.order.findFirst({ where: { orderId, ...owned } });
  if (known) return known;
  const sees = ({ customerId, sellerId }: KnownOrder) =>
    (owned.customerId === undefined || owned.customerId === customerId) &&
    (owned.sellerId === undefined || owned.sellerId === sellerId);
  const order = await waits.wait({ orderId, account: accountOf(actor), sees, left });
  if (order) return order;
  throw new ProblemError(
    'not_found',
    `Nothing is known of an order ${orderId}. If you have just placed it, ask again in a moment.`,
  );
}

/** Returns the account whose share counts; the parts of OrderFlow have none. */
export const accountOf = (actor: Actor): string | undefined =>
  actor.kind === 'service' ? undefined : actor.id;

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
