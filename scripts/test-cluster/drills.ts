import { join } from 'node:path';
import type { DrillReport, Verdict } from '@orderflow/contracts/drills';
import { presetNames } from '../drill/presets.ts';
import { deaths } from './drill-deaths.ts';
import type { DrillRuns } from './drill-runs.ts';
import { type Traces, whatIsLeft } from './drill-traces.ts';
import type { Kube } from './kube.ts';
import type { Line } from './report.ts';
import { until } from './until.ts';

export type DrillStage = { kube: Kube; runs: DrillRuns; traces: Traces; root: string; signal: AbortSignal };

export type DrillTrial = {
  name: string;
  /** What it must come to. */
  verdict: Verdict;
  /** Gives the drill's report, and what was wrong besides. */
  run: (stage: DrillStage) => Promise<{ report: DrillReport; wrong: string[] }>;
};

const trials = [...presetNames().map(preset), ...deaths, deletedHalfWay()].map((trial) => ({
  ...trial,
  name: `drills: ${trial.name}`,
}));

export const drillNames = trials.map(({ name }) => name);

/** Those whose names contain one of the texts; all of them without any. */
export const chooseDrills = (texts: string[]): DrillTrial[] =>
  trials.filter(({ name }) => texts.length === 0 || texts.some((text) => name.includes(text)));

/** Runs one drill. It fails unless it comes to its verdict with no order lost or doubled, and leaves nothing behind. */
export async function tryDrill({ name, verdict, run }: DrillTrial, stage: DrillStage): Promise<Line> {
  const { kube, runs, traces, signal } = stage;
  try {
    const { report, wrong } = await run(stage);
    const { accepted, lost, doubled, lostIds, doubledIds } = report.orders;
    if (report.verdict !== verdict)
      wrong.push(`It is ${report.verdict} (${report.reason}): ${report.message}`);
    if (lost > 0) wrong.push(`Lost: ${lostIds.join(', ')}`);
    if (doubled > 0) wrong.push(`Doubled: ${doubledIds.join(', ')}`);
    wrong.push(...(await whatIsLeft(kube, runs, traces, signal)));
    return {
      name,
      passed: wrong.length === 0,
      verdict: report.verdict,
      accepted,
      lost,
      doubled,
      detected: report.detectedAfter ?? undefined,
      seconds: report.recoveredAfter ?? undefined,
      wrong,
    };
  } catch (error) {
    signal.throwIfAborted();
    // The next one would be refused.
    await runs.removeAll().catch(() => {});
    return { name, passed: false, wrong: [error instanceof Error ? error.message : String(error)] };
  }
}

/** A file of k8s/drills as it stands. */
function preset(name: string): DrillTrial {
  return {
    name,
    verdict: 'Passed',
    async run({ runs, root }) {
      const id = await runs.beginFile(name, join(root, 'k8s', 'drills', `${name}.yaml`));
      await runs.complete(name);
      const report = await runs.report(id);
      await runs.remove(name);
      return { report, wrong: [] };
    },
  };
}

/** Whoever deletes a Drill ends its drill: it goes when nothing of the fault is left. */
function deletedHalfWay(): DrillTrial {
  const name = 'payment-partition';
  return {
    name: `${name}, its Drill deleted half-way`,
    verdict: 'Aborted',
    async run({ kube, runs, root, signal }) {
      const id = await runs.beginFile(name, join(root, 'k8s', 'drills', `${name}.yaml`));
      await runs.reach(id, 'Observing');
      await until('its policy is there', () => kube.kubectl('get', 'networkpolicy', policyOf(kube, id)), {
        seconds: 5,
        signal,
      });
      await runs.remove(name);
      const wrong = await kube.kubectl('get', 'networkpolicy', policyOf(kube, id)).then(
        () => ['The Drill went before its policy.'],
        () => [],
      );
      return { report: await runs.report(id), wrong };
    },
  };
}

const policyOf = ({ release }: Kube, id: string) => `${release}-drill-${id}`;
