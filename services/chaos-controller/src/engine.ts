import type { DrillState, Effect, Outcome } from './drill-state.ts';
import { recovering, verifying } from './engine/after.ts';
import { pending, steadyState } from './engine/before.ts';
import { injecting, observing } from './engine/fault.ts';
import { conclude, decide, find, note, windUp } from './engine/moves.ts';
import { AWAY_MS, abortReason, type Look, tallyProbes } from './engine/watching.ts';

export type { Look } from './engine/watching.ts';

/**
 * One step of a drill, by one look at everything: what it is now, and in `todo` what is to be done. Decides by nothing
 * but its arguments and changes neither, so that it can be tried without a world.
 */
export function step(before: DrillState, look: Look): DrillState {
  const drill = structuredClone(before);
  if (drill.endedAt !== null) return drill;
  passTime(drill, look);
  if (!drill.ending && drill.phase !== 'Pending') {
    tallyProbes(drill, look);
    const reason = abortReason(drill, look);
    if (reason) decide(drill, look.at, 'Aborted', reason);
  }
  if (!drill.ending) advance(drill, look);
  windUp(drill, look);
  conclude(drill, look.at);
  return drill;
}

function advance(drill: DrillState, look: Look) {
  switch (drill.phase) {
    case 'Pending':
      return pending(drill, look);
    case 'SteadyState':
      return steadyState(drill, look);
    case 'Injecting':
      return injecting(drill, look);
    case 'Observing':
      return observing(drill, look);
    case 'Recovering':
      return recovering(drill, look);
    case 'Verifying':
      return verifying(drill, look);
    case 'Passed':
    case 'Failed':
    case 'Inconclusive':
    case 'Aborted':
    case 'Refused':
      return;
    default:
      return drill.phase satisfies never;
  }
}

/** Nobody looked while the controller was away. What the system has to do in a time is then given that time again. */
function passTime(drill: DrillState, look: Look) {
  const gap = look.at - (drill.lookedAt ?? look.at);
  drill.lookedAt = Math.max(look.at, drill.lookedAt ?? look.at);
  if (gap > AWAY_MS) {
    note(drill, look.at, `Nobody looked for ${Math.round(gap / 1000)} s: the controller was away.`);
    if (drill.injectedAt !== null) drill.awaySeconds += gap / 1000;
    drill.steadySince = null;
    drill.wellLooks = 0;
    drill.wellSince = null;
    drill.sightAt += gap;
    drill.turnKeptAt += gap;
    if (drill.recoverBy !== null) drill.recoverBy += gap;
    if (drill.ending) drill.ending.decidedAt += gap;
    // A fault is never given more time than was planned.
    if (drill.phase !== 'Injecting' && drill.phase !== 'Observing') drill.phaseSince += gap;
  }
  if (look.gateway || look.invariants !== 'unreachable') drill.sightAt = look.at;
  if (look.turn === 'held') drill.turnKeptAt = look.at;
}

/** A drill that another process began: its turn and its orders are taken up again before anything else. */
export function resume(before: DrillState, at: number): DrillState {
  const drill = structuredClone(before);
  if (drill.ending || drill.phase === 'Pending') return drill;
  note(drill, at, 'The controller was restarted and goes on with this drill.');
  const first: Effect[] = [{ do: 'take-turn' }, { do: 'start-orders' }];
  drill.todo = [...first, ...drill.todo.filter((effect) => !first.some((one) => one.do === effect.do))];
  return drill;
}

/** What a drill is once an effect of its `todo` was done, with what came of it. */
export function learn(before: DrillState, effect: Effect, outcome: Outcome, at: number): DrillState {
  const drill = structuredClone(before);
  const same = JSON.stringify(effect);
  drill.todo = drill.todo.filter((other) => JSON.stringify(other) !== same);
  take(drill, outcome, at);
  conclude(drill, at);
  return drill;
}

function take(drill: DrillState, outcome: Outcome, at: number) {
  switch (outcome.of) {
    case 'take-turn':
      drill.turn = outcome.taken ? 'held' : 'another';
      return;
    case 'remove':
      return takeRemoval(drill, outcome, at);
    case 'cut':
    case 'scale-to-zero':
      if (outcome.refused === undefined) return struck(drill, at);
      return decide(drill, at, 'Refused', { reason: 'FaultRefused', message: outcome.refused });
    case 'bank':
      return struck(drill, at);
    case 'undo':
      if (!drill.undone) note(drill, at, 'The fault is undone.');
      drill.undone = true;
      // It was over only now.
      if (drill.phase === 'Recovering' && drill.faultUntil !== null) {
        drill.recoverBy = drill.recoverBy! + (at - drill.faultEndedAt!);
        drill.faultEndedAt = at;
      }
      return;
    case 'check':
      drill.check = outcome.view ?? null;
      drill.checkedAt = at;
      return;
    case 'tally':
      drill.tallies = outcome.tallies;
      return;
    case 'start-orders':
    case 'stop-orders':
    case 'end-turn':
    case 'tell':
      return;
    default:
      return outcome satisfies never;
  }
}

function struck(drill: DrillState, at: number) {
  drill.injectedAt ??= at;
  drill.lastInjectedAt = at;
  note(drill, at, `The fault ${drill.spec.fault.type} is done.`);
}

function takeRemoval(drill: DrillState, { uid, removed }: Outcome & { of: 'remove' }, at: number) {
  const chosen = drill.rounds.flatMap(({ instances }) => instances).find((one) => one.uid === uid);
  if (!chosen) return;
  chosen.outcome = removed.outcome;
  if (removed.outcome !== 'refused') {
    drill.injectedAt ??= at;
    drill.lastInjectedAt = at;
    const what = removed.outcome === 'gone' ? 'was gone already' : 'was taken away';
    return note(drill, at, `${chosen.name} (${uid}) ${what}.`);
  }
  drill.roundsLeft = 0;
  const refusal = { reason: 'RemovalRefused', message: `${chosen.name} could not be taken: ${removed.why}` };
  const others = drill.rounds
    .flatMap(({ instances }) => instances)
    .filter((one) => one.outcome !== 'refused');
  if (others.length === 0) return decide(drill, at, 'Refused', refusal);
  find(drill, 'doubts', refusal, at);
}
