import type { OrderView } from '@orderflow/contracts/http/orders';
import { claimKeys, type IdempotencyKey, type Reply, storeReplies } from '@orderflow/messaging/idempotency';
import type { Transaction } from '@orderflow/service-kit/database';
import type { OrderMetrics } from '../metrics.ts';
import type { NewOrder } from '../new-order.ts';
import { placeOrders } from './place-orders.ts';
import { readOrder } from './read-order.ts';

/** An order to place, how to answer for it, and the key that makes repeating it harmless. */
export type Placing = {
  order: NewOrder;
  reply: (placed: OrderView) => Reply;
  key: IdempotencyKey | undefined;
};

/**
 * Accepts orders, many in one transaction, and gives the answer to each. The answers to those with a key are kept
 * in the same transaction: a repeated request gets the first one's, and one that was refused can be tried again.
 */
export async function placeOnce(
  tx: Transaction,
  placings: Placing[],
  metrics: OrderMetrics,
): Promise<(Reply | Error)[]> {
  const keyed = placings.filter((placing) => placing.key !== undefined);
  const claims = await claimKeys(
    tx,
    keyed.map(({ key }) => key!),
  );
  const answers = new Map<Placing, Reply | Error>();
  for (const [i, placing] of keyed.entries()) {
    const claim = claims[i]!;
    if (claim !== 'fresh') answers.set(placing, claim);
  }
  const fresh = placings.filter((placing) => !answers.has(placing));
  if (fresh.length > 0) {
    const outcomes = await placeOrders(
      tx,
      fresh.map(({ order }) => order),
      metrics,
    );
    for (const [i, placing] of fresh.entries()) {
      const outcome = outcomes[i]!;
      if (outcome instanceof Error) answers.set(placing, outcome);
      else
        answers.set(
          placing,
          placing.reply(typeof outcome === 'string' ? await readOrder(tx, outcome) : outcome),
        );
    }
  }
  storeReplies(
    tx,
    fresh.flatMap((placing) => {
      const reply = answers.get(placing)!;
      return placing.key && !(reply instanceof Error) ? { key: placing.key, reply } : [];
    }),
  );
  return placings.map((placing) => answers.get(placing)!);
}
