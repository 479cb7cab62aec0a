import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `check` stops throwing, and gives its result. Fails with its last error after `timeoutMs`:
 * for what other processes do in their own time.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(everyMs);
    }
  }
}
