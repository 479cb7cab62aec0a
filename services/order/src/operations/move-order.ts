import type { OrderItem } from '@orderflow/contracts/order';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import type { Decision, Order } from '../domain.ts';
import type { OrderMetrics } from '../metrics.ts';
import { moveOrders } from './move-orders.ts';

/** What somebody wants of an order. Throws `illegal_move` when it cannot be. */
export type Command = (order: Order, items: OrderItem[]) => Decision;

// Items never change, so reading them needs no lock.
const ITEMS = `
  SELECT product_id AS "productId", quantity FROM order_items WHERE order_id = $1 ORDER BY line`;

/** Moves one order by a command. Throws `not_found`, and what the command throws. */
export const moveOrder = (
  { db, metrics }: { db: Database; metrics: OrderMetrics },
  { orderId, command, cause }: { orderId: string; command: Command; cause: Cause },
): Promise<void> =>
  db.transaction(async (tx) => {
    const items = await tx.query<OrderItem>(ITEMS, [orderId]);
    await moveOrders(tx, [{ orderId, decide: (order) => command(order, items), cause }], metrics);
  });
