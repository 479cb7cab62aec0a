import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillPhase, DrillReport, DrillSpec, FaultType } from '@orderflow/contracts/drills';
import { readPreset } from '../drill/presets.ts';
import { type EndOfController, killController, replaceController } from './controller-death.ts';
import type { DrillTrial } from './drills.ts';
import { type Hindrance, noWayToTheBank, policiesCannotChange } from './hindrances.ts';
import type { Kube } from './kube.ts';
import { until } from './until.ts';

/** How long a lasting fault lasts, and the steady state in which a controller goes. */
const FOR_SECONDS = 25;

/** How long Observing lasts when a controller goes in it: much longer than the next one takes to start on a busy node. */
const LONG_SECONDS = 45;

/** Without them the fault is done before anybody could kill anything. */
const hindrances: Partial<Record<FaultType, Hindrance>> = {
  partition: policiesCannotChange,
  bank: noWayToTheBank,
};

const phases: DrillPhase[] = ['SteadyState', 'Injecting', 'Observing', 'Recovering', 'Verifying'];

/** Its controller goes in the middle of a drill, and the next one goes on with that. */
export const deaths: DrillTrial[] = [
  ...phases.map((phase) => ending('payment-partition', phase, 'killed', killController)),
  ...phases.map((phase) => ending('bank-hangs', phase, 'killed', killController)),
  ending('payment-crash', 'Observing', 'killed', killController),
  // For some seconds both are there.
  ending('payment-crash', 'SteadyState', 'replaced', replaceController),
  ending('payment-crash', 'Observing', 'replaced', replaceController),
];

function ending(preset: string, phase: DrillPhase, how: string, end: EndOfController): DrillTrial {
  const { spec } = readPreset(preset);
  const lasts = spec.fault.forSeconds !== undefined;
  const { fault, ...lengths } = lengthened(spec, phase);
  const name = `${preset}-${phase.toLowerCase()}`;
  return {
    name: `${preset}, its controller ${how} in ${phase}`,
    verdict: 'Passed',
    async run({ kube, runs, signal }) {
      const newcomers = await watchPods(kube);
      let id: string;
      try {
        const letGo = phase === 'Injecting' ? await hindrances[fault.type]!(kube) : async () => {};
        try {
          id = await runs.begin(name, { ...spec, ...lengths, fault });
          await runs.reach(id, phase);
          if (phase === 'Injecting' && fault.type === 'partition') await halfDone(kube, id, signal);
          await end(kube, signal);
        } finally {
          await letGo();
        }
        await runs.complete(name);
      } finally {
        await newcomers.stop();
      }
      const report = await runs.report(id);
      const came = newcomers.came();
      await runs.remove(name);
      const wrong = goesOnIn(phase, report);
      const taken = lasts ? 0 : fault.times;
      if (came.length !== taken) wrong.push(`Pods came: ${came.join(', ') || 'none'}; ${taken} should have.`);
      return { report, wrong };
    },
  };
}

/** Of a fault that is done several times only the first is: the next one would end the phase. */
function lengthened({ fault, steadySeconds, observeSeconds }: DrillSpec, phase: DrillPhase) {
  const seconds = phase === 'Observing' ? LONG_SECONDS : FOR_SECONDS;
  return {
    fault: fault.forSeconds === undefined ? { ...fault, times: 1 } : { ...fault, forSeconds: seconds },
    steadySeconds: phase === 'SteadyState' ? FOR_SECONDS : steadySeconds,
    observeSeconds: phase === 'Observing' ? LONG_SECONDS : observeSeconds,
  };
}

const halfDone = (kube: Kube, id: string, signal: AbortSignal) =>
  until(
    'the partition is half done',
    () => kube.kubectl('get', 'networkpolicy', `${kube.release}-drill-${id}`),
    { seconds: 5, everyMs: 100, signal },
  );

/** Pods of services that come from now on, each in the place of one that went; but not the chaos controller's. */
async function watchPods(kube: Kube) {
  const controller = `${kube.release}-chaos-controller-`;
  const others = async () =>
    (await kube.pods({ component: 'service' })).filter(({ name }) => !name.startsWith(controller));
  const before = new Set((await others()).map(({ uid }) => uid));
  const came = new Map<string, string>();
  const stopped = new AbortController();
  async function look(): Promise<void> {
    for (const { uid, name } of await others()) if (!before.has(uid)) came.set(uid, name);
  }
  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look().catch(() => {}); // the next one sees it
      await sleep(500, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }
  const watching = watch();
  return {
    async stop(): Promise<void> {
      stopped.abort();
      await watching;
      await look();
    },
    came: () => [...came.values()],
  };
}

/** It must have gone in that phase and in no later one. */
function goesOnIn(phase: DrillPhase, { timeline }: DrillReport): string[] {
  const resumed = timeline.filter(({ what }) => what.startsWith('The controller was restarted'));
  if (resumed.some((moment) => moment.phase === phase)) return [];
  const where = resumed.map((moment) => moment.phase).join(', ');
  return [`It was to go on in ${phase}; it went on in: ${where || 'no phase'}.`];
}
