import type { DrillState, Effect } from '../drill-state.ts';
import type { TargetState } from '../driver.ts';
import { isRemoval, targetRefusals } from '../guards.ts';
import { tooLate } from './after.ts';
import { dropFaults, enter, find, isFault, note, want } from './moves.ts';
import { failingProbes, type Look, symptom, trackWell } from './watching.ts';

/** How long it may take to do the fault. */
const INJECT_MS = 30_000;

/** By uid, which says nothing about the age of an instance or where it is. */
export function choose(target: TargetState | undefined, count: number) {
  const ready = (target?.instances ?? []).filter((instance) => instance.ready && instance.optedIn);
  return ready.sort((a, b) => (a.uid < b.uid ? -1 : 1)).slice(0, count);
}

/** Writes down what is to be struck, once and for all; the effects follow when that is kept. */
export function inject(drill: DrillState, { at, target }: Pick<Look, 'at' | 'target'>) {
  const { fault } = drill.spec;
  drill.wellLooks = 0;
  drill.wellSince = null;
  if (isRemoval(fault.type)) {
    const how = fault.type;
    const instances = choose(target, fault.count).map(({ name, uid }) => ({ name, uid }));
    drill.rounds.push({ chosenAt: at, instances: instances.map((one) => ({ ...one, outcome: null })) });
    drill.roundsLeft -= 1;
    const names = instances.map(({ name, uid }) => `${name} (${uid})`).join(', ');
    enter(drill, at, 'Injecting', `Chosen for ${how}: ${names}.`);
    want(drill, ...instances.map((instance): Effect => ({ do: 'remove', instance, how })));
    return;
  }
  drill.undone = false;
  drill.faultUntil = at + fault.forSeconds! * 1000;
  enter(drill, at, 'Injecting', `The fault ${fault.type} is to last until ${timeOf(drill.faultUntil)}.`);
  want(drill, lastingEffect(fault, drill.faultUntil));
}

const timeOf = (at: number) => new Date(at).toISOString();

function lastingEffect(fault: DrillState['spec']['fault'], until: number): Effect {
  if (fault.type === 'bank') return { do: 'bank', fault: fault.bank! };
  return { do: fault.type === 'partition' ? 'cut' : 'scale-to-zero', until };
}

/** Waits until the fault is known to be done. */
export function injecting(drill: DrillState, look: Look) {
  const { at } = look;
  watch(drill, look);
  const tooLong = at - drill.phaseSince > INJECT_MS || (drill.faultUntil !== null && at >= drill.faultUntil);
  if (drill.todo.some(isFault)) {
    if (!tooLong) return;
    const message = 'It is not known whether the fault was done; it is undone in any case.';
    find(drill, 'doubts', { reason: 'FaultUnknown', message }, at);
    return endFault(drill, at);
  }
  enter(drill, at, 'Observing', 'The fault is done.');
}

/** Watches the fault, and lets the next one follow or ends it when its time is up. */
export function observing(drill: DrillState, look: Look) {
  const { at } = look;
  const { spec } = drill;
  watch(drill, look);
  if (drill.faultUntil !== null) {
    if (at >= drill.faultUntil) endFault(drill, at);
    return;
  }
  trackWell(drill, look);
  const since = at - drill.lastInjectedAt!;
  if (drill.roundsLeft === 0) {
    if (since >= spec.observeSeconds * 1000) endFault(drill, at);
    return;
  }
  const isWell = drill.wellLooks > 0;
  const against = isWell ? targetRefusals(spec, look.target!, look.rules) : [];
  if (isWell && against.length === 0) return inject(drill, look);
  if (since <= spec.recoverWithinSeconds * 1000) return;
  // The times that are left are not to be: the drill has shown less than it was to show.
  if (against.length > 0) find(drill, 'doubts', against[0]!, at);
  else tooLate(drill, look);
  endFault(drill, at);
}

function watch(drill: DrillState, look: Look) {
  const { at } = look;
  const by = symptom(drill, look);
  if (drill.injectedAt === null) return;
  if (by && !drill.detected) {
    drill.detected = { after: Math.max(0, at - drill.injectedAt) / 1000, by };
    note(drill, at, `The first sign of it: ${by}.`);
  }
  for (const { name } of failingProbes(drill, look).filter(({ mayFail }) => !mayFail)) {
    const message = `The probe ${name} failed while the fault lasted, and it never may.`;
    find(drill, 'failures', { reason: 'ProbeFailed', message }, at);
  }
}

/** From here on things must get well: what lasts is undone, what was taken has been taken. */
function endFault(drill: DrillState, at: number) {
  dropFaults(drill);
  drill.roundsLeft = 0;
  drill.faultEndedAt = drill.faultUntil === null ? (drill.lastInjectedAt ?? at) : at;
  drill.recoverBy = drill.faultEndedAt + drill.spec.recoverWithinSeconds * 1000;
  enter(
    drill,
    at,
    'Recovering',
    `The fault is over; orders must complete within ${drill.spec.recoverWithinSeconds} s.`,
  );
  if (!drill.undone) want(drill, { do: 'undo' });
}
