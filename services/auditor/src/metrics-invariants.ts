import type { InvariantsView } from '@orderflow/contracts/invariants';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';

const figures = { holds: 1, broken: 0, unknown: -1 };

/**
 * The series of the invariants. Their status is read when it is asked for: so every replica tells the same, and a
 * check that stands still shows.
 */
export function createInvariantMetrics({ registry }: Metrics, read: () => Promise<InvariantsView>) {
  const registers = [registry];
  const known = new Set<string>();
  // Both gauges are asked at once, for the same.
  let reading: Promise<InvariantsView | undefined> | undefined;
  const current = () => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const lastRound = new Gauge({
    name: 'auditor_invariant_last_round_timestamp_seconds',
    help: 'When this replica last ended a round of checks, in seconds since 1970',
    registers,
  });
  new Gauge({
    name: 'auditor_invariant_status',
    help: 'Of each invariant: 1 it holds, 0 it is broken, -1 it is unknown',
    labelNames: ['invariant'],
    registers,
    async collect() {
      const view = await current();
      // Without Postgres nothing is known; the names stay those of before.
      for (const invariant of known) this.set({ invariant }, figures.unknown);
      for (const { name: invariant, status } of view?.invariants ?? []) {
        known.add(invariant);
        this.set({ invariant }, figures[status]);
      }
    },
  });
  new Gauge({
    name: 'auditor_invariant_violations',
    help: 'Violations that last, by invariant',
    labelNames: ['invariant'],
    registers,
    async collect() {
      const view = await current();
      for (const { name: invariant, violationCount } of view?.invariants ?? []) {
        this.set({ invariant }, violationCount);
      }
    },
  });
  const rounds = new Histogram({
    name: 'auditor_invariant_round_seconds',
    help: 'How long a round of checks took',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const checked = new Counter({
    name: 'auditor_invariant_orders_checked_total',
    help: 'Orders that were held against the invariants, each time counted',
    registers,
  });

  return {
    roundEnded({ seconds, orders }: { seconds: number; orders: number }): void {
      rounds.observe(seconds);
      checked.inc(orders);
      lastRound.setToCurrentTime();
    },
  };
}

export type InvariantMetrics = ReturnType<typeof createInvariantMetrics>;
