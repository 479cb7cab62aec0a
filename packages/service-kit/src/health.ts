/**
 * Liveness looks at this process and its loops only, never at Postgres or Redis: a dead dependency must
 * not restart every service. Readiness is as shallow: started, and not shutting down.
 */
export function createHealth(now: () => number = () => performance.now()) {
  const loops = new Map<string, { lastBeat: number; maxSilenceMs: number }>();
  let ready = false;

  return {
    /**
     * Registers a loop that must come round at least every `maxSilenceMs`.
     * Gives the function that it calls each time, and `done` for when it stops on purpose.
     */
    watchLoop(name: string, maxSilenceMs: number) {
      const loop = { lastBeat: now(), maxSilenceMs };
      loops.set(name, loop);
      return {
        beat: () => {
          loop.lastBeat = now();
        },
        done: () => {
          loops.delete(name);
        },
      };
    },
    setReady(value: boolean) {
      ready = value;
    },
    isReady: () => ready,
    /** The names of the loops that stand still; alive means there are none. */
    stuckLoops: () =>
      [...loops].filter(([, loop]) => now() - loop.lastBeat > loop.maxSilenceMs).map(([name]) => name),
  };
}

export type Health = ReturnType<typeof createHealth>;
