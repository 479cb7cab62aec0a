/** `total` is what all keys may hold together, `each` what one key may hold. */
export type Bounds = { total: number; each: number };

/** The bound that does not let more be taken. */
export type Exceeded = keyof Bounds;

/**
 * Counts what is held of something bounded: bytes, connections, streams. Keys that hold nothing are not kept, so the
 * memory is bounded too.
 */
export function createShares({ total, each }: Bounds) {
  const held = new Map<string, number>();
  let inAll = 0;

  return {
    inAll: () => inAll,

    /**
     * Takes `amount` for `key`; without a key only the total counts. Returns the bound that refuses it; nothing is taken
     * then.
     */
    take(key: string | undefined, amount = 1): Exceeded | undefined {
      const own = key === undefined ? 0 : (held.get(key) ?? 0) + amount;
      if (own > each) return 'each';
      if (inAll + amount > total) return 'total';
      if (key !== undefined) held.set(key, own);
      inAll += amount;
      return undefined;
    },

    /** Gives back what `take` took. */
    giveBack(key: string | undefined, amount = 1): void {
      inAll -= amount;
      if (key === undefined) return;
      const left = (held.get(key) ?? 0) - amount;
      if (left > 0) held.set(key, left);
      else held.delete(key);
    },
  };
}

export type Shares = ReturnType<typeof createShares>;
