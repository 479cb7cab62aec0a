/** Counts what happened in the last so many milliseconds. Times come in order. */
export function slidingTries(windowMs: number) {
  const tries: { at: number; good: boolean }[] = [];

  return {
    add(good: boolean, at: number): void {
      tries.push({ at, good });
    },
    count(now: number): { good: number; bad: number } {
      const first = tries.findIndex(({ at }) => at > now - windowMs);
      tries.splice(0, first === -1 ? tries.length : first);
      const good = tries.filter((one) => one.good).length;
      return { good, bad: tries.length - good };
    },
  };
}
