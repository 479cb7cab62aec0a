import { readFileSync } from 'node:fs';

/**
 * Resident memory of processes in MB. `rss` counts what they share, above all the program itself, once for
 * each; `pss` divides it among them, so that the sum is what the machine really spends.
 * Undefined where the system has no /proc (macOS).
 */
export function residentMemory(pids: number[]): { rss: number; pss: number } | undefined {
  try {
    const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    const sum = (field: string) =>
      rollups.reduce(
        (total, text) => total + Number(text.match(new RegExp(`^${field}:\\s+(\\d+)`, 'm'))?.[1] ?? 0),
        0,
      ) / 1024;
    return { rss: sum('Rss'), pss: sum('Pss') };
  } catch {
    return undefined;
  }
}
