import type { Reply } from '@orderflow/messaging/idempotency';
import { isInProgress, untilKnown } from '@orderflow/messaging/until-known';
import type { Database } from '@orderflow/service-kit/database';
import { OutcomeUnknownError } from '@orderflow/service-kit/database-errors';
import type { OrderMetrics } from '../metrics.ts';
import { type Placing, placeOnce } from './place-once.ts';

/**
 * Places orders in one transaction, and once more when it is not known whether that was committed: orders are found by
 * their ids, answers by their keys. While that is not known it is the answer to each of them.
 */
export async function placeKnown(
  db: Database,
  placings: Placing[],
  metrics: OrderMetrics,
): Promise<(Reply | Error)[]> {
  try {
    return await untilKnown(async (repeated) => {
      const answers = await db.transaction((tx) => placeOnce(tx, placings, metrics));
      // The lost session still holds their keys.
      const held = repeated && answers.find(isInProgress);
      if (held) throw held;
      return answers;
    });
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return placings.map(() => error);
    throw error;
  }
}
