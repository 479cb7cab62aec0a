import type { DrillReport } from '@orderflow/contracts/drills';
import { type DrillState, recoveredAfter } from './drill-state.ts';
import type { MakeReport } from './seen.ts';

const none = { orders: 0, p50: null, p95: null, p99: null, endP95: null };
const noOrders: Pick<DrillReport, 'orders' | 'latency' | 'pace'> = {
  orders: {
    asked: 0,
    accepted: 0,
    refused: 0,
    paid: 0,
    cancelled: 0,
    open: 0,
    openIds: [],
    lost: 0,
    lostIds: [],
    doubled: 0,
    doubledIds: [],
  },
  latency: { before: none, during: none, after: none },
  pace: null,
};

/** The report of a drill that is over. Throws when it is not. */
export const makeReport: MakeReport = ({ drill, driver, previous }) => {
  const { ending, injectedAt } = drill;
  const recovered = recoveredAfter(drill);
  if (!ending) throw new Error(`Drill ${drill.id} is not over, so there is nothing to report.`);
  const { orders, latency, pace } = drill.tallies ?? noOrders;
  return {
    id: drill.id,
    name: drill.name,
    driver,
    spec: drill.spec,
    verdict: ending.verdict,
    reason: ending.reason,
    message: ending.message,
    startedAt: iso(drill.startedAt ?? drill.createdAt),
    endedAt: iso(drill.endedAt ?? ending.decidedAt),
    injectedAt: injectedAt === null ? null : iso(injectedAt),
    instances: chosen(drill),
    orders,
    detectedAfter: drill.detected && rounded(drill.detected.after),
    detectedBy: drill.detected?.by ?? null,
    recoveredAfter: recovered === null ? null : rounded(recovered),
    latency,
    pace,
    probes: Object.entries(drill.probes).map(([name, { failedInARow: _, ...tally }]) => ({ name, ...tally })),
    invariants: { before: drill.invariantsBefore, after: drill.check },
    timeline: drill.timeline.map(({ at, phase, what }) => ({ at: iso(at), phase, what })),
    previous: previous && {
      id: previous.id,
      verdict: previous.verdict,
      endedAt: previous.endedAt,
      recoveredAfter: previous.recoveredAfter,
      detectedAfter: previous.detectedAfter,
      refused: previous.orders.refused,
      duringP95: previous.latency.during.p95,
    },
  };
};

const iso = (ms: number) => new Date(ms).toISOString();
const rounded = (seconds: number) => Math.round(seconds * 10) / 10;

/** Every instance that the drill took, once. */
const chosen = ({ rounds }: Pick<DrillState, 'rounds'>) => [
  ...new Map(
    rounds.flatMap(({ instances }) => instances.map(({ name, uid }) => [uid, { name, uid }] as const)),
  ).values(),
];
