const delaysMs = [100, 500, 1000, 2000, 5000];

/** How long after its start a process counts as healthy, so that its next restart is at once again. */
export const healthyAfterMs = 10_000;

/** How long to wait before the restart number `restart` (from 0) in a row: at once first, then longer, 5 s at most. */
export function backoffMs(restart: number): number {
  return delaysMs[Math.min(restart, delaysMs.length - 1)] ?? 5000;
}
