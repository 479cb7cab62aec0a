export const breakerStates = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof breakerStates)[number];

type BreakerOptions = {
  /** So many failures in a row open it. */
  failures: number;
  /** How long it stays open before one may try again, and how long that one may keep all others waiting. */
  openMs: number;
  onChange?: (state: BreakerState) => void;
  now?: () => number;
};

/**
 * A circuit breaker: after failures in a row nobody asks any more, but for one probe every `openMs`; the first
 * success lets all through again. Nothing need be said of a call whose outcome nobody saw.
 */
export function createBreaker({ failures, openMs, onChange, now = () => performance.now() }: BreakerOptions) {
  let state: BreakerState = 'closed';
  let inARow = 0;
  let nextProbeAt = 0;

  const become = (next: BreakerState) => {
    if (next === state) return;
    state = next;
    onChange?.(next);
  };

  return {
    state: () => state,

    /** 0 when a call may go now, else the milliseconds until it makes sense to ask again. */
    waitMs(): number {
      if (state === 'closed') return 0;
      const wait = nextProbeAt - now();
      if (wait > 0) return wait;
      nextProbeAt = now() + openMs;
      become('half-open');
      return 0;
    },

    succeeded() {
      inARow = 0;
      become('closed');
    },

    failed() {
      inARow += 1;
      if (state === 'open' || inARow < failures) return;
      nextProbeAt = now() + openMs;
      become('open');
    },
  };
}

export type Breaker = ReturnType<typeof createBreaker>;
