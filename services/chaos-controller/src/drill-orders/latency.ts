import type { DrillReport } from '@orderflow/contracts/drills';
import type { DrillOrder } from './drill-order.ts';

/** The value that so many percent are not above (nearest rank); null of nothing. */
export function percentile(values: number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

function latencyOf(orders: DrillOrder[]) {
  const accepted = orders.filter(({ acceptedAt }) => acceptedAt !== null);
  const answers = accepted.map(({ askedAt, acceptedAt }) => acceptedAt! - askedAt);
  const ends = accepted.flatMap(({ askedAt, endedAt }) => (endedAt === null ? [] : [endedAt - askedAt]));
  return {
    orders: accepted.length,
    p50: percentile(answers, 50),
    p95: percentile(answers, 95),
    p99: percentile(answers, 99),
    endP95: percentile(ends, 95),
  };
}

/** By when orders were asked for: before the fault, from then until recovery, and after. */
export function latencies(
  orders: DrillOrder[],
  { injectedAt, recoveredAt }: { injectedAt: number | null; recoveredAt: number | null },
): DrillReport['latency'] {
  const from = injectedAt ?? Number.POSITIVE_INFINITY;
  const to = recoveredAt ?? Number.POSITIVE_INFINITY;
  return {
    before: latencyOf(orders.filter(({ askedAt }) => askedAt < from)),
    during: latencyOf(orders.filter(({ askedAt }) => askedAt >= from && askedAt < to)),
    after: latencyOf(orders.filter(({ askedAt }) => askedAt >= from && askedAt >= to)),
  };
}

const SLICES = 60;

/** How many orders came to their end in each slice of time, from the first asked for to the last end. */
export function paceOf(orders: DrillOrder[]): DrillReport['pace'] {
  const ends = orders.flatMap(({ endedAt }) => endedAt ?? []);
  if (ends.length === 0) return null;
  const from = orders.reduce((first, { askedAt }) => Math.min(first, askedAt), Number.POSITIVE_INFINITY);
  const to = ends.reduce((last, end) => Math.max(last, end), from);
  const sliceSeconds = Math.max(1, Math.ceil((to - from + 1) / 1_000 / SLICES));
  const ended = new Array<number>(Math.ceil((to - from + 1) / 1_000 / sliceSeconds)).fill(0);
  for (const end of ends) ended[Math.max(0, Math.floor((end - from) / 1_000 / sliceSeconds))]! += 1;
  return { from: new Date(from).toISOString(), sliceSeconds, ended };
}
