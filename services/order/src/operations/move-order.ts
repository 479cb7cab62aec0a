import type { OrderView } from '@orderflow/contracts/http/orders';
import type { OrderItem } from '@orderflow/contracts/order';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import { isTheirs, noOrder, type Visitor, visitorName } from '../access.ts';
import type { Decision, Order } from '../domain.ts';
import { type IfMatch, mustMatch } from '../etag.ts';
import { type LockedOrder, type MoveDeps, moveOrders } from './move-orders.ts';
import { readOrder } from './read-order.ts';

/** What somebody wants of an order. Throws `illegal_move` when it cannot be. */
export type Command = (order: Order, items: OrderItem[]) => Decision;

export type Wish = {
  orderId: string;
  command: Command;
  actor: Visitor;
  ifMatch?: IfMatch;
  context: RequestContext;
};

// Items never change, so reading them needs no lock.
const ITEMS = `
  SELECT product_id AS "productId", quantity FROM order_items WHERE order_id = $1 ORDER BY line`;

/**
 * Moves one order by a command, and gives it as it is then. Throws `not_found` also for an order of somebody else,
 * `version_changed` when it is not the one they have seen, and what the command throws.
 */
export async function moveOrder(
  tx: Transaction,
  { orderId, command, actor, ifMatch, context }: Wish,
  deps: MoveDeps,
): Promise<OrderView> {
  const items = await tx.query<OrderItem>(ITEMS, [orderId]);
  const cause: Cause = { ...context, actor: visitorName(actor) };
  const decide = (order: LockedOrder) => {
    if (!isTheirs(actor, order)) throw noOrder(orderId);
    mustMatch(ifMatch, order.version);
    return command(order, items);
  };
  await moveOrders(tx, [{ orderId, decide, cause }], deps);
  return readOrder(tx, orderId);
}
