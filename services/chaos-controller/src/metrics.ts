import { drillPhase, verdicts } from '@orderflow/contracts/drills';
import type { Metrics } from '@orderflow/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';
import { type DrillState, isOver, recoveredAfter } from './drill-state.ts';

const seconds = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600];

export function createDrillMetrics({ registry }: Metrics) {
  const active = new Gauge({
    name: 'orderflow_drill_active',
    help: '1 while the drill does something to the system or watches what came of it',
    labelNames: ['drill'],
    registers: [registry],
  });
  const phase = new Gauge({
    name: 'orderflow_drill_phase',
    help: '1 for the phase that the drill is in, or ended in',
    labelNames: ['drill', 'phase'],
    registers: [registry],
  });
  const ended = new Counter({
    name: 'orderflow_drill_verdicts_total',
    help: 'Drills that ended, by verdict',
    labelNames: ['drill', 'verdict'],
    registers: [registry],
  });
  const detect = new Histogram({
    name: 'orderflow_drill_time_to_detect_seconds',
    help: 'From the first strike of the fault until something showed it',
    labelNames: ['drill'],
    buckets: seconds,
    registers: [registry],
  });
  const recover = new Histogram({
    name: 'orderflow_drill_time_to_recover_seconds',
    help: 'From the first strike of the fault until the target was ready, orders completed and all probes held again',
    labelNames: ['drill'],
    buckets: seconds,
    registers: [registry],
  });
  const killSwitch = new Gauge({
    name: 'orderflow_drill_kill_switch',
    help: '1 while the kill switch is engaged or cannot be read, as it was last seen',
    registers: [registry],
  });

  return {
    killSwitch: (engaged: boolean) => killSwitch.set(engaged ? 1 : 0),
    follow(drill: DrillState): void {
      active.set({ drill: drill.name }, isOver(drill) ? 0 : 1);
      for (const one of drillPhase.options) {
        phase.set({ drill: drill.name, phase: one }, one === drill.phase ? 1 : 0);
      }
    },
    /** It is another controller's now. */
    leave({ name }: DrillState): void {
      active.set({ drill: name }, 0);
      for (const one of drillPhase.options) phase.set({ drill: name, phase: one }, 0);
    },
    /** Once for each drill, when it is over. */
    count(drill: DrillState): void {
      const { name, phase: verdict, injectedAt, detected } = drill;
      // All of them, so that the first of a kind is an increase and not a new series.
      for (const one of verdicts) ended.inc({ drill: name, verdict: one }, one === verdict ? 1 : 0);
      if (injectedAt === null) return;
      if (detected) detect.observe({ drill: name }, detected.after);
      const recovered = recoveredAfter(drill);
      if (recovered !== null) recover.observe({ drill: name }, recovered);
    },
  };
}

export type DrillMetrics = ReturnType<typeof createDrillMetrics>;
