/** The right to be the one drill that runs: lost when its holder has not said for a while that it is still there. */
export function createTurn() {
  let holder: { by: string; until: number } | undefined;

  const isHeldBy = (by: string) => holder?.by === by;

  function give(by: string, forMs: number): true {
    holder = { by, until: Date.now() + forMs };
    return true;
  }

  return {
    take: (by: string, forMs: number): boolean =>
      (!holder || isHeldBy(by) || holder.until < Date.now()) && give(by, forMs),
    keep: (by: string, forMs: number): boolean => isHeldBy(by) && give(by, forMs),
    end(by: string): boolean {
      if (isHeldBy(by)) holder = undefined;
      return true;
    },
  };
}
