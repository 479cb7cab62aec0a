import type { DrillPhase, Verdict } from '@orderflow/contracts/drills';
import type { DrillState, Effect, Finding } from '../drill-state.ts';
import type { Look } from './watching.ts';

const faultEffects: readonly Effect['do'][] = ['remove', 'cut', 'scale-to-zero', 'bank'];

export const isFault = (effect: Effect): boolean => faultEffects.includes(effect.do);

/** Adds a line to the time line. */
export function note(drill: DrillState, at: number, what: string) {
  drill.timeline.push({ at, phase: drill.phase, what });
}

export function enter(drill: DrillState, at: number, phase: DrillPhase, what: string) {
  drill.phase = phase;
  drill.phaseSince = at;
  note(drill, at, what);
}

/** Wants effects to be done, in this order, unless the same is wanted already. */
export function want(drill: DrillState, ...effects: Effect[]) {
  for (const effect of effects) {
    const same = JSON.stringify(effect);
    if (!drill.todo.some((other) => JSON.stringify(other) === same)) drill.todo.push(effect);
  }
}

export const isWanted = (drill: DrillState, kind: Effect['do']): boolean =>
  drill.todo.some((effect) => effect.do === kind);

/** No fault that is not done yet shall be: what follows undoes those that may have been. */
export function dropFaults(drill: DrillState) {
  drill.todo = drill.todo.filter((effect) => !isFault(effect));
}

/** Something that counts for the verdict, once for each reason and message. */
export function find(drill: DrillState, kind: 'failures' | 'doubts', finding: Finding, at: number) {
  if (drill[kind].some(({ message }) => message === finding.message)) return;
  drill[kind].push(finding);
  note(drill, at, finding.message);
}

/** Decides the verdict and winds up; it is over when all of that is done. */
export function decide(drill: DrillState, at: number, verdict: Verdict, { reason, message }: Finding) {
  if (drill.ending) return;
  drill.ending = { verdict, reason, message, decidedAt: at };
  // Only what is told stays: nothing new may begin now.
  drill.todo = drill.todo.filter((effect) => effect.do === 'tell');
  if (!drill.undone) want(drill, { do: 'undo' });
  if (isUncounted(drill)) want(drill, { do: 'stop-orders' });
  else endTurn(drill);
  note(drill, at, message);
}

const isUncounted = ({ startedAt, tallies }: DrillState): boolean => startedAt !== null && !tallies;

/** The last of all: who has the turn is the only one who touches the system. */
function endTurn(drill: DrillState) {
  if (!drill.spec.dryRun) want(drill, { do: 'end-turn' });
}

/** How long the orders of a drill that was ended have to come to their end, if settling would not take less. */
const LAST_ENDS_MS = 30_000;

/** Lets the orders of a drill that is decided come to their end, for a while, and has them counted. */
export function windUp(drill: DrillState, { at, orders }: Pick<Look, 'at' | 'orders'>) {
  const { ending, spec } = drill;
  if (!ending || !isUncounted(drill) || isWanted(drill, 'tally')) return;
  const patience = Math.min(LAST_ENDS_MS, spec.settleWithinSeconds * 1000);
  const isDone = orders.open === 0 && !isWanted(drill, 'stop-orders');
  if (!isDone && !drill.late && at - ending.decidedAt < patience) return;
  want(drill, { do: 'tally' });
  endTurn(drill);
}

/** How long winding up may take before the verdict stands without it. */
export const WIND_UP_MS = 60_000;

/** Ends a drill that is decided, once it is wound up. What could not be undone by then stays marked as not undone. */
export function conclude(drill: DrillState, at: number) {
  const { ending } = drill;
  if (!ending || drill.endedAt !== null) return;
  const done = !isUncounted(drill) && drill.todo.every((effect) => effect.do === 'tell');
  if (!done && at - ending.decidedAt <= WIND_UP_MS) return;
  const left = drill.undone ? '' : ' The fault could not be undone yet; that is tried again every minute.';
  drill.reason = ending.reason;
  drill.message = `${ending.message}${left}`;
  drill.endedAt = at;
  drill.todo = drill.todo.filter((effect) => effect.do === 'tell');
  enter(drill, at, ending.verdict, `The verdict is ${ending.verdict}: ${ending.reason}.${left}`);
  want(drill, {
    do: 'tell',
    type: ending.verdict === 'Passed' ? 'Normal' : 'Warning',
    reason: ending.verdict,
    message: drill.message,
  });
}
