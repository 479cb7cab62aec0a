import { isDeepStrictEqual } from 'node:util';
import { bankFaultView } from '@orderflow/contracts/drills';
import { invariantsView } from '@orderflow/contracts/invariants';
import type { DrillRuns } from './drill-runs.ts';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

type Policy = { metadata: { name: string; annotations?: Record<string, string> }; spec: object };
type Workload = { kind: string; metadata: { name: string }; spec: { replicas: number } };

/** What drills change for a while: policies, replicas, and the bank's faults. */
export async function readTraces(kube: Kube, runs: DrillRuns) {
  const list = async <T>(kinds: string): Promise<T[]> =>
    JSON.parse(await kube.kubectl('get', kinds, '-o', 'json')).items;
  const policies = await list<Policy>('networkpolicies');
  const workloads = await list<Workload>('deployments,statefulsets');
  const lease = await kube
    .kubectl('get', 'lease', `${kube.release}-drills`, '-o', 'jsonpath={.spec.holderIdentity}')
    .catch(() => '');
  return {
    policies: policies.map(({ metadata: { name, annotations }, spec }) => ({ name, annotations, spec })),
    replicas: workloads.map(({ kind, metadata: { name }, spec }) => `${kind} ${name}: ${spec.replicas}`),
    bank: bankFaultView.parse(await runs.ask('/api/faults')),
    turn: lease,
  };
}

export type Traces = Awaited<ReturnType<typeof readTraces>>;

/** Waits until all is as it was before any drill, and the auditor knows of nothing wrong. Gives what stays otherwise. */
export async function whatIsLeft(
  kube: Kube,
  runs: DrillRuns,
  before: Traces,
  signal: AbortSignal,
): Promise<string[]> {
  const asBefore = async () => {
    const now = await readTraces(kube, runs);
    for (const what of ['policies', 'replicas', 'bank', 'turn'] as const) {
      if (!isDeepStrictEqual(now[what], before[what])) {
        throw new Error(`${what} are not as before: ${JSON.stringify(now[what])}`);
      }
    }
  };
  const holds = async () => {
    const { status, invariants } = invariantsView.parse(await runs.ask('/api/invariants'));
    const others = invariants.filter((each) => each.status !== 'holds');
    if (status !== 'holds')
      throw new Error(others.map(({ name, status }) => `${name}: ${status}`).join(', '));
  };
  const wrong: string[] = [];
  const patience = { seconds: 60, everyMs: 1_000, signal };
  for (const [what, check] of [
    ['nothing is left of the drill', asBefore],
    ['every invariant holds', holds],
  ] as const) {
    await until(what, check, patience).catch((error: Error) => {
      signal.throwIfAborted();
      wrong.push(error.message);
    });
  }
  return wrong;
}
