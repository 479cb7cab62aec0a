import { createWaker } from '@orderflow/messaging/waker';
import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
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
  const { db, scope, metrics, client, bench, instance, everyMs, graceMs, sweepOrders } = options;
  const log = scope.log.child({ part: 'invariants' });
  const loop = scope.health.watchLoop('invariants', 120_000 + everyMs);
  const waker = createWaker();
  let stopping = false;
  let leading = false;

  async function keepTurn(): Promise<void> {
    loop.beat();
    if (stopping) throw new Error('the service stops');
    if (!(await takeTurn(db, instance, LEASE_MS))) throw new Error('another replica has the turn');
  }

  /** Gives how long it took. */
  async function round(): Promise<number> {
    const cursors = await takeTurn(db, instance, LEASE_MS);
    if (Boolean(cursors) !== leading)
      log.info({ leading: !leading }, 'whose turn it is to check the invariants');
    leading = Boolean(cursors);
    if (!cursors) return 0;
    const began = performance.now();
    const done = await runRound({ db, log, client, bench, graceMs, sweepOrders, goOn: keepTurn }, cursors);
    const seconds = (performance.now() - began) / 1_000;
    const reasons = bench.invariants.map((invariant) => ({
      name: invariant.name,
      reason: reasonFor(invariant, bench, done.unread),
    }));
    await finishRound(db, { ...done, instance, seconds, reasons });
    metrics.roundEnded({ seconds, orders: done.orders });
    return seconds * 1_000;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      loop.beat();
      const took = await round().catch((error: Error) => {
        if (!stopping) log.warn({ error: error.message }, 'a round of checks could not be ended');
        return 0;
      });
      // When rounds take longer than the time between them, others still have as much time as they do.
      if (!stopping) await waker.wait(Math.max(everyMs - took, Math.min(took, everyMs)));
    }
  }

  const running = run();
  return {
    /** Ends the step in hand, and lets another replica have the turn. */
    async stop(): Promise<void> {
      stopping = true;
      waker.wake();
      await running;
      await giveTurnBack(db, instance).catch((error: Error) =>
        log.warn({ error: error.message }, 'left to its lease'),
      );
      loop.done();
    },
  };
}
