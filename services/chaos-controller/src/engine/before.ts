import type { DrillState, Finding } from '../drill-state.ts';
import type { TargetState } from '../driver.ts';
import { isRemoval, refusals, targetRefusals } from '../guards.ts';
import { choose, inject } from './fault.ts';
import { decide, enter, want } from './moves.ts';
import { type Look, longestGapOf, slowestOf, unsteady } from './watching.ts';

/** How long it may take to look at the target, and to get the turn. */
const TARGET_UNKNOWN_MS = 10_000;
const TURN_MS = 30_000;

/** Guards first, all of them; then the turn; then the guards again, since that took its time. */
export function pending(drill: DrillState, look: Look) {
  const { at } = look;
  const waited = at - drill.phaseSince;
  if (look.abortAsked !== null) {
    return decide(drill, at, 'Aborted', { reason: 'AbortAsked', message: look.abortAsked });
  }
  if (!look.target && !look.killSwitch.engaged && waited < TARGET_UNKNOWN_MS) return;
  const found = refusals(drill.spec, look, look.rules);
  if (drill.spec.dryRun) return decide(drill, at, 'Inconclusive', dryRun(drill, look.target, found));
  if (drill.turn === 'another') {
    found.push({ reason: 'AnotherDrillRuns', message: 'Another drill has the turn; wait for its end.' });
  }
  if (found.length > 0) return decide(drill, at, 'Refused', together(found));
  if (drill.turn === 'none') {
    if (waited <= TURN_MS) return want(drill, { do: 'take-turn' });
    const message = 'The turn to be the only drill could not be asked for; see the log of the controller.';
    return decide(drill, at, 'Refused', { reason: 'TurnUnknown', message });
  }
  drill.startedAt = at;
  drill.sightAt = at;
  drill.turnKeptAt = at;
  want(drill, { do: 'start-orders' });
  const what = `Nothing stands against it. Everything must hold for ${drill.spec.steadySeconds} s before the fault.`;
  enter(drill, at, 'SteadyState', what);
  want(drill, { do: 'tell', type: 'Normal', reason: 'Started', message: drill.spec.hypothesis });
}

const together = (found: Finding[]): Finding => ({
  reason: found[0]!.reason,
  message: found.map(({ message }) => message).join(' '),
});

function dryRun({ spec }: DrillState, target: TargetState | undefined, found: Finding[]): Finding {
  const { fault } = spec;
  const affected = isRemoval(fault.type) ? choose(target, fault.count) : (target?.instances ?? []);
  const names = affected.map(({ name, uid }) => `${name} (${uid})`).join(', ') || 'no instance';
  const guards =
    found.length > 0 ? `It would be refused: ${together(found).message}` : 'No guard is against it.';
  const how = fault.forSeconds === undefined ? '' : ` for ${fault.forSeconds} s`;
  return {
    reason: 'DryRun',
    message: `Nothing was done. The fault ${fault.type}${how} would strike ${names}. ${guards} Set dryRun to false to do it.`,
  };
}

/** Waits until everything has held for long enough without a break; then strikes. */
export function steadyState(drill: DrillState, look: Look) {
  const { at } = look;
  const { spec } = drill;
  const problems = unsteady(drill, look);
  drill.badTries = look.orders.tries.bad;
  drill.cancelledBefore = look.orders.cancelled;
  drill.longestGap = problems.length > 0 ? 0 : Math.max(drill.longestGap, longestGapOf(look));
  drill.slowestBefore = problems.length > 0 ? 0 : Math.max(drill.slowestBefore, slowestOf(look));
  drill.steadySince = problems.length > 0 ? null : (drill.steadySince ?? at);
  drill.invariantsBefore = look.invariants === 'unreachable' ? 'unknown' : look.invariants;
  if (drill.steadySince !== null && at - drill.steadySince >= spec.steadySeconds * 1000) {
    const found = targetRefusals(spec, look.target!, look.rules);
    if (found.length > 0) return decide(drill, at, 'Refused', together(found));
    return inject(drill, look);
  }
  if (at - drill.phaseSince > (3 * spec.steadySeconds + 30) * 1000) {
    const why = problems.join(', ') || 'it broke off again and again';
    const message = `Nothing was done, because things did not hold for ${spec.steadySeconds} s without a break: ${why}.`;
    decide(drill, at, 'Inconclusive', { reason: 'NotSteady', message });
  }
}
