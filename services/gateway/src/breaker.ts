export const breakerStates = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof breakerStates)[number];

export type BreakerOptions = {
  /** So many failures in a row open it. */
  failures: number;
  /** How long it stays open before one call may try again, and how long that call may keep all others waiting. */
  openMs: number;
  onChange?: (state: BreakerState) => void;
  now?: () => number;
};

/** Permission for one call. Its holder says how the call ended, once. */
export type Pass = {
  succeeded(): void;
  failed(): void;
  /** Nobody saw the outcome, as when the client left: a probe is given back. */
  cancelled(): void;
};

/**
 * A circuit breaker: after failures in a row no call passes, but for one probe every `openMs`. The first success lets
 * all pass again.
 */
export function createBreaker({ failures, openMs, onChange, now = () => performance.now() }: BreakerOptions) {
  let state: BreakerState = 'closed';
  let inARow = 0;
  let nextProbeAt = 0;
  let probe: Pass | undefined;

  const become = (next: BreakerState) => {
    if (next === state) return;
    state = next;
    onChange?.(next);
  };

  function succeeded(): void {
    inARow = 0;
    become('closed');
  }

  function failed(): void {
    inARow += 1;
    if (state === 'open' || inARow < failures) return;
    nextProbeAt = now() + openMs;
    become('open');
  }

  // All calls of a closed breaker share this one.
  const ordinary: Pass = { succeeded, failed, cancelled() {} };

  function newProbe(): Pass {
    const own: Pass = {
      succeeded,
      failed,
      cancelled() {
        if (probe === own && state === 'half-open') nextProbeAt = now();
      },
    };
    return own;
  }

  /** Returns 0 when a call may pass now, else the milliseconds until it makes sense to ask again. Grants nothing. */
  const waitMs = (): number => (state === 'closed' ? 0 : Math.max(0, nextProbeAt - now()));

  return {
    state: () => state,
    waitMs,

    /**
     * Returns permission for a call that is sent at once, or `undefined` while none may pass. A probe that has not
     * ended after `openMs` is followed by another.
     */
    pass(): Pass | undefined {
      if (state === 'closed') return ordinary;
      if (waitMs() > 0) return undefined;
      nextProbeAt = now() + openMs;
      become('half-open');
      probe = newProbe();
      return probe;
    },
  };
}

export type Breaker = ReturnType<typeof createBreaker>;
