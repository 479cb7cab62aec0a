import type { DrillView } from '@orderflow/contracts/drills';
import type { DrillRow } from './operations/read-drill.ts';

const iso = (at: number) => new Date(at).toISOString();
const isoOrNull = (at: number | null) => (at === null ? null : iso(at));

/** A drill as people and the Drill of Kubernetes see it. */
export const toDrillView = ({ state, startedBy, orders }: DrillRow): DrillView => ({
  id: state.id,
  name: state.name,
  phase: state.phase,
  // Decided, and being wound up.
  reason: state.reason ?? state.ending?.reason ?? null,
  message: state.message ?? state.ending?.message ?? null,
  startedBy,
  spec: state.spec,
  createdAt: iso(state.createdAt),
  startedAt: isoOrNull(state.startedAt),
  endedAt: isoOrNull(state.endedAt),
  instances: state.rounds.flatMap(({ instances }) => instances.map(({ name, uid }) => ({ name, uid }))),
  orders,
  timeline: state.timeline.map(({ at, phase, what }) => ({ at: iso(at), phase, what })),
});
