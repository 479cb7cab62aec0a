import { isDeepStrictEqual } from 'node:util';
import { type DrillPhase, verdicts } from '@orderflow/contracts/drills';
import type { DrillRow } from '../operations/read-drill.ts';
import { toDrillView } from '../views.ts';
import type { DrillResource } from './drills-api.ts';

type Condition = {
  type: 'Complete' | 'Passed';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration: number;
};
type Finding = { phase: DrillPhase; reason: string; message: string };

/** The status of a Drill that tells what became of its drill. */
export function statusOfDrill(resource: DrillResource, row: DrillRow, now: Date) {
  const { id, phase, reason, message, startedAt, endedAt, instances, orders } = toDrillView(row);
  const { report } = row;
  const finding = { phase, reason: reason ?? phase, message: message ?? `The drill is ${phase}.` };
  return {
    id,
    ...statusWith(resource, finding, { isOver: endedAt !== null }, now),
    ...(startedAt && { startedAt }),
    ...(endedAt && { endedAt }),
    instances: instances.map(({ name }) => name),
    orders: {
      asked: report?.orders.asked ?? orders.asked,
      accepted: report?.orders.accepted ?? orders.accepted,
      ...(report && {
        refused: report.orders.refused,
        open: report.orders.open,
        lost: report.orders.lost,
        doubled: report.orders.doubled,
      }),
    },
    ...(typeof report?.detectedAfter === 'number' && { detectedAfterSeconds: report.detectedAfter }),
    ...(typeof report?.recoveredAfter === 'number' && { recoveredAfterSeconds: report.recoveredAfter }),
  };
}

/** The status of a Drill that there is no drill of, and never will be. */
export const statusWithout = (resource: DrillResource, finding: Finding, now: Date) => ({
  ...statusWith(resource, finding, { isOver: true }, now),
  endedAt: resource.status?.endedAt ?? now.toISOString(),
});

function statusWith(resource: DrillResource, finding: Finding, { isOver }: { isOver: boolean }, now: Date) {
  const { phase, reason, message } = finding;
  const { generation } = resource.metadata;
  const before = conditionsOf(resource);
  const condition = (type: Condition['type'], status: Condition['status']): Condition => {
    const same = before.find((each) => each.type === type && each.status === status);
    const lastTransitionTime = same?.lastTransitionTime ?? now.toISOString();
    return { type, status, reason, message, lastTransitionTime, observedGeneration: generation };
  };
  const passed = phase === 'Passed' ? 'True' : phase === 'Failed' ? 'False' : 'Unknown';
  return {
    observedGeneration: generation,
    phase,
    reason,
    message,
    conditions: [
      condition('Complete', isOver ? 'True' : 'False'),
      condition('Passed', isOver ? passed : 'Unknown'),
    ],
  };
}

const conditionsOf = ({ status }: DrillResource): Partial<Condition>[] =>
  Array.isArray(status?.conditions) ? status.conditions : [];

/** Whether the status says all of that already. */
export const isSaid = (resource: DrillResource, status: Record<string, unknown>): boolean =>
  Object.entries(status).every(([key, value]) => isDeepStrictEqual(resource.status?.[key], value));

/** Whether a phase is the last of a drill. */
export const isVerdict = (phase: string | undefined): boolean =>
  (verdicts as readonly (string | undefined)[]).includes(phase);
