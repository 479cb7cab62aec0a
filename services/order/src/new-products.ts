import { setTimeout as sleep } from 'node:timers/promises';
import { drawnAt } from '@orderflow/contracts/ids';
import { ProblemError } from '@orderflow/service-kit/problem';

/** What this service hears of a new product takes some 50 ms; so long it is waited for, a little longer each time. */
const WAITS_MS = [25, 50, 100, 200, 400];

/** How old a product may be and still be on its way here: the clocks of two machines may be that far apart. */
const NEW_MS = 60_000;

/** Whether a product could have been added just now, by the time in its id. */
export const mayBeNew = (productId: string): boolean => Math.abs(Date.now() - drawnAt(productId)) < NEW_MS;

/**
 * Orders, and while a product is unknown that may just have been added, orders again until its event has come. In the end
 * throws `unknown_product`, with when to try again.
 */
export async function waitingForNew<T>(order: () => Promise<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await order();
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
    await sleep(waitMs);
  }
  return order().catch((error: unknown) => {
    throw isUnknown(error) ? tryAgain(error) : error;
  });
}

const isUnknown = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.code === 'unknown_product';

const tryAgain = (cause: ProblemError) =>
  new ProblemError(cause.code, `${cause.message} If it was added just now, try again in a second.`, {
    retryAfter: 1,
    cause,
  });
