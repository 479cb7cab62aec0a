import type { V1Lease } from '@kubernetes/client-node';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { z } from 'zod';
import { type Api, ifThere } from './api.ts';
import { markOf, marksIn, type Workload, workloadOf } from './labels.ts';
import { changeLease, readLease } from './lease.ts';

const remembered = z.object({
  kind: z.enum(['Deployment', 'StatefulSet']),
  name: z.string(),
  replicas: z.int(),
  /** When the replicas are due back. Drills of earlier versions did not write it. */
  until: z.iso.datetime().optional(),
});

/** Leaves no replica of the target. How many there were is written to the lease before, and only once. */
export async function scaleToZero(
  api: Api,
  release: string,
  target: DrillTarget,
  drill: { id: string; until: Date },
) {
  const workload = workloadOf(release, target);
  const replicas = await replicasOf(api, workload);
  if (replicas === undefined) throw new Error(`There is no ${workload.kind} ${workload.name}.`);
  await changeLease(api, release, (lease) => {
    if (lease.metadata?.annotations?.[markOf(drill)]) return undefined;
    return withMark(lease, drill, JSON.stringify({ ...workload, replicas, until: drill.until }));
  });
  await setReplicas(api, workload, 0);
}

/** Gives back as many replicas as there were, unless somebody else has scaled it since. */
export async function undoScale(api: Api, release: string, drill: { id: string }): Promise<void> {
  const mark = (await readLease(api, release))?.metadata?.annotations?.[markOf(drill)];
  if (!mark) return;
  const { replicas, kind, name } = remembered.parse(JSON.parse(mark));
  const workload = { kind, name } as Workload;
  if ((await replicasOf(api, workload)) === 0) await setReplicas(api, workload, replicas);
  await changeLease(api, release, (lease) => withMark(lease, drill, undefined));
}

/** Ids of the drills that left something scaled. */
export const scalesLeft = async (api: Api, release: string): Promise<string[]> =>
  marksIn((await readLease(api, release))?.metadata?.annotations).map(({ id }) => id);

/** Returns the ids of the drills whose scaled workloads were due back before `now`. */
export async function scalesExpired(api: Api, release: string, now: Date): Promise<string[]> {
  return marksIn((await readLease(api, release))?.metadata?.annotations).flatMap(({ id, value }) => {
    const { until } = remembered.parse(JSON.parse(value));
    return until && new Date(until) < now ? [id] : [];
  });
}

function withMark(lease: V1Lease, drill: { id: string }, value: string | undefined): V1Lease {
  const { [markOf(drill)]: _, ...others } = lease.metadata?.annotations ?? {};
  const annotations = value === undefined ? others : { ...others, [markOf(drill)]: value };
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}

async function replicasOf({ apps, namespace }: Api, { kind, name }: Workload): Promise<number | undefined> {
  const scale = await ifThere(
    kind === 'Deployment'
      ? apps.readNamespacedDeploymentScale({ name, namespace })
      : apps.readNamespacedStatefulSetScale({ name, namespace }),
  );
  // The API server leaves a zero out.
  return scale && (scale.spec?.replicas ?? 0);
}

const setReplicas = ({ apps, namespace }: Api, { kind, name }: Workload, replicas: number) => {
  const request = { name, namespace, body: { spec: { replicas } } };
  return kind === 'Deployment'
    ? apps.patchNamespacedDeploymentScale(request)
    : apps.patchNamespacedStatefulSetScale(request);
};
