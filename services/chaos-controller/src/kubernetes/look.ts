import type { V1Pod } from '@kubernetes/client-node';
import type { DrillTarget } from '@orderflow/contracts/drills';
import type { Instance, TargetState } from '../driver.ts';
import { type Api, ifThere } from './api.ts';
import { DRILLS, selects, WORKLOAD, type Workload, workloadOf } from './labels.ts';

/** The target as the cluster has it. */
export async function look(api: Api, release: string, target: DrillTarget): Promise<TargetState> {
  const { namespace } = api;
  const workload = workloadOf(release, target);
  const [found, pods, budgets] = await Promise.all([
    readWorkload(api, workload),
    podsOf(api, workload),
    api.policy.listNamespacedPodDisruptionBudget({ namespace }),
  ]);
  const allowed = budgets.items
    .filter(({ spec }) => pods.some((pod) => spec?.selector && selects(spec.selector, labelsOf(pod))))
    .map(({ status }) => status?.disruptionsAllowed ?? 0);
  return {
    namespace,
    instances: pods.map(instanceOf),
    wanted: found?.spec?.replicas ?? 0,
    disruptionsAllowed: allowed.length > 0 ? Math.min(...allowed) : null,
  };
}

/** The Deployment or StatefulSet; undefined when it is not installed. */
export const readWorkload = ({ apps, namespace }: Api, { kind, name }: Workload) =>
  ifThere(
    kind === 'Deployment'
      ? apps.readNamespacedDeployment({ name, namespace })
      : apps.readNamespacedStatefulSet({ name, namespace }),
  );

/** Its pods, those that are leaving too, but not those whose containers have ended for good. */
export async function podsOf({ core, namespace }: Api, { name }: Workload): Promise<V1Pod[]> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${WORKLOAD}=${name}` });
  return items.filter(({ status }) => !['Succeeded', 'Failed'].includes(status?.phase ?? ''));
}

export const labelsOf = (pod: V1Pod): Record<string, string> => pod.metadata?.labels ?? {};

function instanceOf(pod: V1Pod): Instance {
  const { name, uid, deletionTimestamp } = pod.metadata!;
  const isReady = pod.status?.conditions?.some((it) => it.type === 'Ready' && it.status === 'True') ?? false;
  return {
    name: name!,
    uid: uid!,
    ready: isReady && !deletionTimestamp,
    optedIn: labelsOf(pod)[DRILLS] === 'allowed',
  };
}
