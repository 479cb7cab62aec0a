import { readPreset } from '../drill/presets.ts';
import type { DrillRuns } from './drill-runs.ts';
import type { Kube } from './kube.ts';

/** The name of this trial. */
export const UNINSTALL = 'helm uninstall in the middle of a drill';

type Parts = { kube: Kube; runs: DrillRuns; uninstall: () => Promise<unknown> };

/** The chart is uninstalled in the middle of a drill. Gives what is left of the drill; its Drill can be deleted after it. */
export async function uninstallInDrill({ kube, runs, uninstall }: Parts): Promise<string[]> {
  const name = 'uninstalled';
  const { spec } = readPreset('payment-partition');
  const id = await runs.begin(name, { ...spec, fault: { ...spec.fault, forSeconds: 120 } });
  await runs.reach(id, 'Observing');
  await uninstall();
  const policies = await kube.kubectl('get', 'networkpolicies', '-l', 'orderflow.io/drill', '-o', 'name');
  const phase = await kube.kubectl('get', 'drill', name, '-o', 'jsonpath={.status.phase}');
  const gone = await runs.remove(name).then(
    () => [],
    (error: Error) => [`The Drill cannot be deleted: ${error.message}`],
  );
  return [
    ...(policies.trim() ? [`Policies of the drill are left: ${policies.trim()}`] : []),
    ...(phase === 'Aborted' ? [] : [`The Drill says ${phase || 'nothing'}, not Aborted.`]),
    ...gone,
  ];
}
