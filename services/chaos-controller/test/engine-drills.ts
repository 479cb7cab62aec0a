import { type DrillSpec, drillSpec } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import { type DrillState, type Effect, newDrill, type Outcome } from '../src/drill-state.ts';
import type { Look } from '../src/engine.ts';
import type { Rules } from '../src/guards.ts';
import { aSpec } from './drill-samples.ts';
import { goodOutcome, someRules, someTarget } from './engine-world.ts';

export const started = Date.parse('2026-03-04T12:00:00Z');
export type SpecInput = Omit<Partial<DrillSpec>, 'fault'> & { fault?: object };

/** A drill that has not begun. Its fault is the crash of one instance unless told otherwise. */
export const drillOf = ({ fault, ...spec }: SpecInput = {}): DrillState => {
  const given = drillSpec.parse({ ...aSpec(), dryRun: false, ...spec, fault: fault ?? { type: 'crash' } });
  return newDrill({ id: newId(), name: 'inventory-crash', spec: given, at: started });
};

/** For a drill whose fault has to be undone. */
export const lasting = { fault: { type: 'partition', forSeconds: 20 } };
export const verdictOf = ({ phase, reason, message }: DrillState) => ({ phase, reason, message });
export const phases = ({ timeline }: DrillState) => [...new Set(timeline.map(({ phase }) => phase))];
/** Of a look: what is different about the target, its first instance or the rules. */
export const target = (changes: Partial<typeof someTarget>) => ({ target: { ...someTarget, ...changes } });
export const instance = (changes: object) =>
  target({ instances: [{ ...someTarget.instances[0]!, ...changes }] });
export const rules = (changes: Partial<Rules>) => ({ rules: { ...someRules, ...changes } });
export const killSwitch = { engaged: true, reason: 'A sale is on.', by: 'rest' };
/** What is different from a good look, in one phase only. */
export const inPhase =
  (phase: DrillState['phase'], changes: (drill: DrillState, at: number) => Partial<Look>) =>
  (drill: DrillState, at: number) =>
    drill.phase === phase ? changes(drill, at) : {};
/** What comes of one kind of effects; of others what is good. */
export const answering =
  (kind: Effect['do'], answer: (effect: Effect, drill: DrillState) => Outcome | undefined) =>
  (effect: Effect, drill: DrillState) =>
    effect.do === kind ? answer(effect, drill) : goodOutcome(effect);
