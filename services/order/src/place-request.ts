import type { OrderView } from '@orderflow/contracts/http/orders';
import { idempotencyKeyOf, identityOf, type Reply, withKey } from '@orderflow/messaging/idempotency';
import type { Request } from 'express';
import type { PlaceDeps } from './app.ts';
import { madeUpKey, orderIdIn } from './made-up-key.ts';
import type { NewOrder } from './new-order.ts';
import { mayBeNew, waitingForNew } from './new-products.ts';

/** Every address that places an order does this one thing, so that a key that one of them took counts for all. */
const OPERATION = 'POST /api/orders';

type Deps = Pick<PlaceDeps, 'place' | 'keySecret'>;

/**
 * Places the order of a request once, by its Idempotency-Key, and waits a moment for products that are new. Throws `outcome_unknown`, with the key to send it again
 * with, when Postgres went away during the commit and stays away: without a key of the client's, one that names the order.
 */
export async function placeRequest(
  req: Request,
  wanted: { order: NewOrder; reply: (placed: OrderView) => Reply },
  { place, keySecret }: Deps,
): Promise<Reply> {
  const key = idempotencyKeyOf(req, OPERATION);
  const id = (key && orderIdIn(keySecret, key)) ?? wanted.order.id;
  const placeIt = () => place({ ...wanted, order: { ...wanted.order, id }, key });
  try {
    const isNew = wanted.order.items.some(({ productId }) => mayBeNew(productId));
    return await (isNew ? waitingForNew(placeIt) : placeIt());
  } catch (error) {
    throw withKey(error, key?.key ?? madeUpKey(keySecret, identityOf(req, OPERATION), id));
  }
}
