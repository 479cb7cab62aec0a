/** Something that is not as it should be in the end. */
export type Finding = {
  /** A sentence with both figures. */
  detail: string;
  /**
   * Epoch milliseconds of the last changes: it may still be under way, and is wrong once nothing has come of it for the
   * time of grace after the latest of them. Null: no course of events leads to it.
   */
  since: readonly number[] | null;
  /** Until when it may wait lawfully, in epoch milliseconds. Unlike a change, it may lie far ahead. */
  until?: number;
};

export const never = (detail: string): Finding[] => [{ detail, since: null }];
export const underWay = (detail: string, since: readonly number[]): Finding[] => [{ detail, since }];
export const waitsUntil = (detail: string, until: number): Finding[] => [{ detail, since: [], until }];

/** How far ahead the clocks of services and their databases may be. */
const AHEAD_MS = 10 * 60_000;

/** Whether nobody can have written this time: an edit has, or a clock that was wrong. */
export const liesAhead = (time: number, now: number): boolean => time > now + AHEAD_MS;

/**
 * The moment after which a finding has its time of grace; null when it has none. A time that lies ahead is no reason to wait: it
 * would hide whatever is wrong until then.
 */
export function beginOf({ since, until = 0 }: Finding, now: number): number | null {
  if (since === null) return null;
  return Math.max(0, until, ...since.filter((time) => time <= now + AHEAD_MS));
}
