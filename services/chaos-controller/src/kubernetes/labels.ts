import type { V1LabelSelector } from '@kubernetes/client-node';
import { type DrillTarget, drillable } from '@orderflow/contracts/drills';

/** The chart puts it on every pod of a Deployment or StatefulSet, with its name: one label that tells a target. */
export const WORKLOAD = 'orderflow.io/workload';
/** `allowed` on pods that drills may have, `temporary` on policies that drills made. */
export const DRILLS = 'orderflow.io/drills';
/** On policies that a drill made: its id. */
export const DRILL = 'orderflow.io/drill';
export const INSTANCE = 'app.kubernetes.io/instance';

const MARK = 'drills.orderflow.io/';

/** The annotation by which a drill remembers, on an object of others, what it did to it. */
export const markOf = (drill: { id: string }) => `${MARK}${drill.id}`;

/** Ids of the drills that left marks among these annotations, and what each says. */
export const marksIn = (annotations: Record<string, string> = {}) =>
  Object.entries(annotations)
    .filter(([key]) => key.startsWith(MARK))
    .map(([key, value]) => ({ id: key.slice(MARK.length), value }));

/** The Deployment or StatefulSet of a target, as the chart names it. */
export function workloadOf(release: string, { kind, service }: DrillTarget) {
  switch (kind) {
    case 'service':
      return { kind: 'Deployment', name: `${release}-${service}` } as const;
    case 'postgres':
      return { kind: 'StatefulSet', name: `${release}-${service}-postgres` } as const;
    case 'redis':
      return { kind: 'StatefulSet', name: `${release}-redis` } as const;
    default:
      return kind satisfies never;
  }
}
export type Workload = ReturnType<typeof workloadOf>;

/** The names of all workloads of a release that a drill can aim at: another's may begin with the same letters. */
export function workloadNames(release: string): Set<string> {
  const targets: DrillTarget[] = drillable.options.flatMap((service) => [
    { kind: 'service', service },
    { kind: 'postgres', service },
  ]);
  return new Set([...targets, { kind: 'redis' } as const].map((target) => workloadOf(release, target).name));
}

/** Whether a selector selects something with these labels, by the rules of Kubernetes; an empty one selects everything. */
export function selects(selector: V1LabelSelector, labels: Record<string, string>): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          throw new Error(`Kubernetes has a new operator of selectors, ${operator}, unknown here.`);
      }
    })
  );
}
