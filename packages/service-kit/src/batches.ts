import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopTurn } from './loop.ts';

/** Rest after a batch, as a multiple of the time that it took: others have the database to themselves three quarters of the time. */
const REST_FACTOR = 3;

/**
 * Repeats `batch` until it returns `false`, which says that there is nothing more to do, or until the loop is asked to
 * stop. Rests after each batch in proportion to the time that it took, so that a busy database is left alone for longer.
 */
export async function inBatches(
  batch: () => Promise<boolean>,
  { beat, signal }: Pick<LoopTurn, 'beat' | 'signal'>,
): Promise<void> {
  while (!signal.aborted) {
    beat();
    const begunAt = performance.now();
    if (!(await batch())) return;
    const tookMs = performance.now() - begunAt;
    await sleep(tookMs * REST_FACTOR, undefined, { signal }).catch(() => {});
  }
}
