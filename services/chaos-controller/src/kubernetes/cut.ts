import type { V1LabelSelectorRequirement, V1NetworkPolicy } from '@kubernetes/client-node';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { type Api, ifThere, onConflictAgain, unless } from './api.ts';
import {
  DRILL,
  DRILLS,
  INSTANCE,
  markOf,
  marksIn,
  selects,
  WORKLOAD,
  workloadNames,
  workloadOf,
} from './labels.ts';
import { labelsOf, podsOf, readWorkload } from './look.ts';

const UNTIL = 'orderflow.io/until';

/**
 * Cuts the target off. Policies add up: one that allows nothing takes nothing from what another allows. So besides a
 * policy of the drill's own, which allows nothing, every other one that selects the target is told not to.
 */
export async function cut(
  api: Api,
  release: string,
  target: DrillTarget,
  drill: { id: string; until: Date },
) {
  const { namespace, networking } = api;
  const workload = workloadOf(release, target);
  const found = await readWorkload(api, workload);
  const template = found?.spec?.template.metadata?.labels ?? {};
  if (template[WORKLOAD] !== workload.name) {
    throw new Error(
      `The pods of ${workload.name} do not carry ${WORKLOAD}=${workload.name}; upgrade the release.`,
    );
  }
  const own = temporaryPolicy(release, workload.name, drill);
  // First, for it is also what tells a successor that something is to be undone.
  await unless(409, networking.createNamespacedNetworkPolicy({ namespace, body: own }), undefined);
  const pods = [template, ...(await podsOf(api, workload)).map(labelsOf)];
  for (const { metadata } of await policiesIn(api)) {
    if (metadata!.labels?.[DRILLS] !== 'temporary') await leaveAlone(metadata!.name!);
  }

  function leaveAlone(name: string) {
    return onConflictAgain(async () => {
      const policy = await ifThere(networking.readNamespacedNetworkPolicy({ name, namespace }));
      const selector = policy?.spec?.podSelector ?? {};
      if (!policy || !pods.some((labels) => selects(selector, labels))) return;
      await change(api, policy, {
        mark: { key: markOf(drill), value: workload.name },
        expressions: [...(selector.matchExpressions ?? []), leaveOut(workload.name)],
      });
    });
  }
}

/** Undoes every cut of this drill, the half-done ones too. Its own policy goes last: until then it can be seen. */
export async function undoCuts(api: Api, drill: { id: string }): Promise<void> {
  const { namespace, networking } = api;
  for (const { metadata } of await policiesIn(api)) {
    if (metadata!.annotations?.[markOf(drill)]) await restore(metadata!.name!);
  }
  for (const { metadata } of await policiesIn(api)) {
    if (metadata!.labels?.[DRILL] !== drill.id) continue;
    await ifThere(networking.deleteNamespacedNetworkPolicy({ name: metadata!.name!, namespace }));
  }

  function restore(name: string) {
    return onConflictAgain(async () => {
      const policy = await ifThere(networking.readNamespacedNetworkPolicy({ name, namespace }));
      const workload = policy?.metadata?.annotations?.[markOf(drill)];
      if (!policy || !workload) return;
      const left = (policy.spec?.podSelector?.matchExpressions ?? []).filter(
        (it) => !leavesOut(it, workload),
      );
      await change(api, policy, { mark: { key: markOf(drill), value: null }, expressions: left });
    });
  }
}

/** Ids of the drills of this release that left cuts. */
export async function cutsLeft(api: Api, release: string): Promise<string[]> {
  const ours = workloadNames(release);
  const policies = await policiesIn(api);
  const made = policies.filter(({ metadata }) => metadata!.labels?.[INSTANCE] === release);
  return [
    ...made.flatMap(({ metadata }) => metadata!.labels?.[DRILL] ?? []),
    ...policies.flatMap(({ metadata }) =>
      marksIn(metadata!.annotations).flatMap(({ id, value }) => (ours.has(value) ? [id] : [])),
    ),
  ];
}

/** Returns the ids of the drills whose cuts were to end before `now`. A mark whose drill has no policy left has no end. */
export async function cutsExpired(api: Api, release: string, now: Date): Promise<string[]> {
  const policies = await policiesIn(api);
  const isDue = (id: string) => {
    const own = policies.find(({ metadata }) => metadata!.labels?.[DRILL] === id);
    const until = own?.metadata?.annotations?.[UNTIL];
    return until === undefined || new Date(until) < now;
  };
  return (await cutsLeft(api, release)).filter(isDue);
}

/** None without the right to read them: then no drill could cut anything either. */
const policiesIn = ({ networking, namespace }: Api): Promise<V1NetworkPolicy[]> =>
  unless(
    403,
    networking.listNamespacedNetworkPolicy({ namespace }).then(({ items }) => items),
    [],
  );

function temporaryPolicy(
  release: string,
  workload: string,
  drill: { id: string; until: Date },
): V1NetworkPolicy {
  return {
    metadata: {
      name: `${release}-drill-${drill.id}`,
      labels: { [INSTANCE]: release, [DRILL]: drill.id, [DRILLS]: 'temporary' },
      annotations: { [UNTIL]: drill.until.toISOString() },
    },
    spec: { podSelector: { matchLabels: { [WORKLOAD]: workload } }, policyTypes: ['Ingress', 'Egress'] },
  };
}

const leaveOut = (workload: string): V1LabelSelectorRequirement => ({
  key: WORKLOAD,
  operator: 'NotIn',
  values: [workload],
});

const leavesOut = ({ key, operator, values }: V1LabelSelectorRequirement, workload: string) =>
  key === WORKLOAD && operator === 'NotIn' && values?.length === 1 && values[0] === workload;

type Change = { mark: { key: string; value: string | null }; expressions: V1LabelSelectorRequirement[] };

function change(
  { networking, namespace }: Api,
  { metadata }: V1NetworkPolicy,
  { mark, expressions }: Change,
) {
  return networking.patchNamespacedNetworkPolicy({
    name: metadata!.name!,
    namespace,
    body: {
      metadata: { resourceVersion: metadata!.resourceVersion, annotations: { [mark.key]: mark.value } },
      spec: { podSelector: { matchExpressions: expressions.length > 0 ? expressions : null } },
    },
  });
}
