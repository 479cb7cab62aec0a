import type { DrillPhase, DrillReport, DrillSpec } from '@orderflow/contracts/drills';
import { createController } from '../drill/controller.ts';
import { patiently } from '../drill/follow.ts';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

/** Longer than any drill of a run may take by its own limits. */
const LONGEST_SECONDS = 600;

type Parts = { kube: Kube; gatewayUrl: string; internalToken: string; signal: AbortSignal };

/** Drills as people have them: begun and deleted by kubectl, read through the gateway. */
export function createDrillRuns({ kube, gatewayUrl, internalToken, signal }: Parts) {
  const controller = createController({ url: gatewayUrl, token: internalToken });

  const idOf = (name: string): Promise<string> =>
    until(
      `the Drill ${name} begins`,
      async () => {
        const id = await kube.kubectl('get', 'drill', name, '-o', 'jsonpath={.status.id}');
        if (!id) throw new Error('The chaos controller has not taken it up.');
        return id;
      },
      { seconds: 60, signal },
    );

  return {
    /** Applies a file with a Drill of this name. Gives the id of its drill. */
    async beginFile(name: string, file: string): Promise<string> {
      await kube.kubectl('apply', '-f', file);
      return idOf(name);
    },

    async begin(name: string, spec: DrillSpec): Promise<string> {
      await kube.apply({ apiVersion: 'orderflow.io/v1alpha1', kind: 'Drill', metadata: { name }, spec });
      return idOf(name);
    },

    /** Comes back at once when the drill is in this phase. Throws when it ended without. */
    async reach(id: string, phase: DrillPhase): Promise<void> {
      const isThere = async () => {
        const drill = await controller.read(id);
        if (drill.phase !== phase && !drill.endedAt) throw new Error(`It is ${drill.phase}.`);
        return drill;
      };
      const drill = await until(`the drill is ${phase}`, isThere, { seconds: 120, everyMs: 50, signal });
      if (drill.phase !== phase) throw new Error(`The drill is ${drill.phase}: ${drill.message}`);
    },

    /** Waits for its end, as a script would. */
    complete: (name: string) =>
      kube.kubectl('wait', `drill/${name}`, '--for=condition=Complete', `--timeout=${LONGEST_SECONDS}s`),

    /** Comes back when it is gone, which it is when its drill is over. */
    remove: (name: string) => kube.kubectl('delete', 'drill', name, '--ignore-not-found', '--timeout=90s'),

    removeAll: () => kube.kubectl('delete', 'drills', '--all', '--timeout=180s'),

    report: (id: string): Promise<DrillReport> => patiently(() => controller.report(id), 60_000),

    /** Asks the gateway, as an operator. */
    async ask(path: string): Promise<unknown> {
      const response = await fetch(new URL(path, gatewayUrl), {
        headers: { authorization: `Bearer ${internalToken}` },
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      return response.json();
    },
  };
}

export type DrillRuns = ReturnType<typeof createDrillRuns>;
