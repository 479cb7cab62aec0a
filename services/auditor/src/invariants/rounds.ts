import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { type LoopTurn, startLoop } from '@orderflow/service-kit/loop';
import type { LedgerClient } from '../ledger-client.ts';
import type { InvariantMetrics } from '../metrics-invariants.ts';
import { finishRound, giveTurnBack, takeTurn } from '../operations/invariant-progress.ts';
import { reasonFor } from './bench.ts';
import type { Bench } from './judge.ts';
import { runRound } from './round.ts';

/** Longer than a step of a round in which every ledger is slow. */
const LEASE_MS = 30_000;

type Options = {
  db: Database;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  metrics: InvariantMetrics;
  client: LedgerClient;
  bench: Bench;
  instance: string;
  everyMs: number;
  graceMs: number;
  sweepOrders: number;
};

/** Checks the invariants round after round. Of all replicas one does; another takes over when it is gone. */
export function startRounds(options: Options) {
  const { db, metrics, client, bench, instance, everyMs, graceMs, sweepOrders } = options;
  const log = options.scope.log.child({ part: 'invariants' });
  let leading = false;

  async function keepTurn({ beat, signal }: LoopTurn): Promise<void> {
    beat();
    signal.throwIfAborted();
    if (!(await takeTurn(db, instance, LEASE_MS))) throw new Error('another replica has the turn');
  }

  /** Gives how long to wait for the next one. */
  async function round(turn: LoopTurn): Promise<number> {
    const cursors = await takeTurn(db, instance, LEASE_MS);
    if (Boolean(cursors) !== leading)
      log.info({ leading: !leading }, 'whose turn it is to check the invariants');
    leading = Boolean(cursors);
    if (!cursors) return everyMs;
    const began = performance.now();
    const goOn = () => keepTurn(turn);
    const done = await runRound({ db, log, client, bench, graceMs, sweepOrders, goOn }, cursors);
    const seconds = (performance.now() - began) / 1_000;
    const reasons = bench.invariants.map((invariant) => ({
      name: invariant.name,
      reason: reasonFor(invariant, bench, done.unread),
    }));
    await finishRound(db, { ...done, instance, seconds, reasons });
    metrics.roundEnded({ seconds, orders: done.orders });
    const took = seconds * 1_000;
    // When rounds take longer than the time between them, others still have as much time as they do.
    return Math.max(everyMs - took, Math.min(took, everyMs));
  }

  const loop = startLoop({
    name: 'invariants',
    scope: { ...options.scope, log },
    round,
    everyMs,
    maxSilenceMs: 120_000 + everyMs,
    failure: 'a round of checks could not be ended',
  });
  return {
    /** Ends the step in hand, and lets another replica have the turn. */
    async stop(): Promise<void> {
      await loop.stop();
      await giveTurnBack(db, instance).catch((error: Error) =>
        log.warn({ error: error.message }, 'left to its lease'),
      );
    },
  };
}
