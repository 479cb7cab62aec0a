import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceScope } from './lifecycle.ts';

/** What a round of a loop may ask of it. */
export type LoopTurn = {
  /** Says that it is alive, in the middle of a round that takes long. */
  beat: () => void;
  /** Aborted when the loop is asked to stop. */
  signal: AbortSignal;
};

type LoopOptions = {
  /** Of the loop, for the probe of liveness. */
  name: string;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  /** Gives how many milliseconds to wait before the next one. */
  round: (turn: LoopTurn) => Promise<number>;
  /** The wait after a round that failed. */
  everyMs: number;
  /** A round that takes longer without a beat counts as dead: the process is then restarted. */
  maxSilenceMs?: number;
  /** Logged as a warning with the message of what a round failed of. */
  failure: string;
};

/** Does one round after the other until it is stopped. For all that a service does now and then. */
export function startLoop({
  name,
  scope,
  round,
  everyMs,
  maxSilenceMs = 60_000 + everyMs,
  failure,
}: LoopOptions) {
  const { beat, done } = scope.health.watchLoop(name, maxSilenceMs);
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      beat();
      const waitMs = await round({ beat, signal }).catch((error: Error) => {
        if (!signal.aborted) scope.log.warn({ error: error.message }, failure);
        return everyMs;
      });
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    /** Lets the round in hand end. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      done();
    },
  };
}
