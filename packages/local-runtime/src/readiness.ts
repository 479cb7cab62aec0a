import { setTimeout as after } from 'node:timers/promises';

/** What can be waited for: where it answers, what it said last, and how often it had to be started again. */
export type Awaited = { name: string; url: string; lastLines: () => string[]; restarts: () => number };

/**
 * Resolves when GET /readyz answers 200. Throws with the last lines of its log when that does not happen within
 * `timeoutMs`, or when it ended three times before.
 */
export async function waitUntilReady(
  awaited: Awaited,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  while (!(await answers(`${awaited.url}/readyz`))) {
    options.signal.throwIfAborted();
    const crashes = awaited.restarts() >= 3;
    if (crashes || Date.now() > deadline) {
      const what = crashes ? 'ended again and again' : `was not ready within ${options.timeoutMs / 1000} s`;
      const lines = awaited.lastLines().map((line) => `  ${line}`);
      throw new Error(
        `${awaited.name} ${what}. The end of its log says why:\n${lines.join('\n') || '  (it wrote nothing)'}`,
      );
    }
    await after(50);
  }
}

/** Whether GET there answers 200 within two seconds. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
