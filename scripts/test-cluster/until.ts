import { setTimeout as sleep } from 'node:timers/promises';

type Patience = { seconds: number; everyMs?: number; signal?: AbortSignal };

/**
 * Waits until `check` stops throwing, and gives its result. Fails after so many seconds with what was waited for and
 * why it has not come.
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  { seconds, everyMs = 500, signal }: Patience,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() > deadline) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`Not within ${seconds} s: ${what}. ${why}`, { cause: error });
      }
      await sleep(everyMs, undefined, { signal });
    }
  }
}
