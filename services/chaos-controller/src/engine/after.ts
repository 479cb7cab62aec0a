import { type DrillState, recoveredAfter } from '../drill-state.ts';
import { decide, enter, find, isWanted, want } from './moves.ts';
import { failingProbes, type Look, probesWith, trackWell, unwell } from './watching.ts';

/** Looks in a row at which all must be well. */
const WELL_LOOKS = 3;
const CHECK_EVERY_MS = 3_000;
/** For the last check and the counting, when settling took all the time there was. */
const LATE_MS = 60_000;
/** Ids and subjects that a message names. */
const NAMED = 10;

/** Waits until the target is ready, orders complete and no probe fails. */
export function recovering(drill: DrillState, look: Look) {
  const { at } = look;
  trackWell(drill, look);
  if (drill.wellLooks >= WELL_LOOKS) {
    drill.recoveredAt = drill.wellSince!;
    const seconds = recoveredAfter(drill);
    const when = seconds === null ? '' : ` ${seconds.toFixed(1)} s after the fault first struck`;
    return verify(drill, at, `All was well again${when}.`);
  }
  // What just got well has its three looks.
  if (at <= drill.recoverBy! || (drill.wellSince !== null && drill.wellSince <= drill.recoverBy!)) return;
  tooLate(drill, look);
  verify(drill, at, 'It is looked at whether everything is accounted for all the same.');
}

/** Finds what was not well in time, and whether that is known. */
export function tooLate(drill: DrillState, look: Look) {
  const { wrong, unknown } = unwell(drill, look);
  const why = [...wrong, ...unknown.map((what) => `${what} is unknown`)];
  if (why.length === 0) why.push('it took longer');
  const within = `within ${drill.spec.recoverWithinSeconds} s of the fault`;
  if (drill.awaySeconds > 0) why.push(`nobody looked for ${Math.round(drill.awaySeconds)} s`);
  if (drill.awaySeconds > 0 || (wrong.length === 0 && unknown.length > 0)) {
    const message = `It was not seen to recover ${within}: ${why.join(', ')}.`;
    return find(drill, 'doubts', { reason: 'RecoveryUnknown', message }, look.at);
  }
  const message = `It did not recover ${within}: ${why.join(', ')}.`;
  find(drill, 'failures', { reason: 'NotRecovered', message }, look.at);
}

function verify(drill: DrillState, at: number, what: string) {
  enter(drill, at, 'Verifying', what);
  // Undone again: an answer that came late may have come after the first time.
  want(drill, { do: 'stop-orders' }, { do: 'undo' });
}

/** Waits until every order is at its end and every invariant holds, and gives the verdict. */
export function verifying(drill: DrillState, look: Look) {
  const { at, orders } = look;
  if (drill.tallies) return judge(drill, look);
  const waited = at - drill.phaseSince;
  const lateAt = drill.spec.settleWithinSeconds * 1000;
  drill.late ||= waited > lateAt;
  if (drill.recoveredAt !== null) {
    for (const { name } of failingProbes(drill, look)) {
      const message = `The probe ${name} failed after recovery.`;
      find(drill, 'failures', { reason: 'ProbeFailed', message }, at);
    }
  }
  if (isWanted(drill, 'tally')) {
    if (waited > lateAt + 2 * LATE_MS) cannotTell(drill, at);
    return;
  }
  const ended = orders.open === 0;
  if (ended || drill.late) drill.settledBy ??= at;
  if (drill.settledBy === null || isWanted(drill, 'stop-orders')) {
    if (waited > lateAt + LATE_MS) want(drill, { do: 'tally' });
    return;
  }
  const holds = drill.check?.status === 'holds';
  const lastWord = drill.late && (drill.checkedAt ?? 0) >= drill.phaseSince + lateAt;
  if ((ended && holds) || lastWord || waited > lateAt + LATE_MS) return want(drill, { do: 'tally' });
  const rested = at - (drill.checkedAt ?? 0) >= CHECK_EVERY_MS;
  if (rested && !isWanted(drill, 'check')) {
    want(drill, { do: 'check', since: drill.startedAt!, settledBy: drill.settledBy });
  }
}

function cannotTell(drill: DrillState, at: number) {
  const message = 'What became of the orders could not be counted; see the log of the controller.';
  decide(drill, at, 'Inconclusive', { reason: 'OrdersUnknown', message });
}

function judge(drill: DrillState, look: Look) {
  const { at } = look;
  const { lost, lostIds, doubled, doubledIds, accepted } = drill.tallies!.orders;
  const fail = (reason: string, message: string) => find(drill, 'failures', { reason, message }, at);
  const doubt = (reason: string, message: string) => find(drill, 'doubts', { reason, message }, at);
  if (lost > 0) fail('OrdersLost', `Lost, of ${accepted} accepted orders: ${lost} (${some(lostIds)}).`);
  if (doubled > 0) fail('OrdersDoubled', `Done twice: ${doubled} (${some(doubledIds)}).`);
  for (const { name, violations, violationCount } of broken(drill)) {
    const subjects = some(violations.map(({ subject }) => subject));
    fail('InvariantBroken', `The invariant ${name} is broken ${violationCount} times: ${subjects}.`);
  }
  if (!drill.tallies!.listed)
    doubt('OrdersUnlisted', 'The orders could not be listed, so it is not known whether some are doubled.');
  if (accepted === 0) doubt('NoOrders', 'No order was accepted, so nothing is shown.');
  if (!drill.check) doubt('InvariantsUnknown', 'The auditor gave no answer, so it is not known what holds.');
  else if (drill.check.status === 'unknown') {
    const unknown = drill.check.invariants.filter(({ status }) => status === 'unknown');
    const reasons = unknown.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    doubt('InvariantsUnknown', `It is not known whether these invariants hold: ${reasons}.`);
  }
  for (const { name } of probesWith(drill, look, 'unknown')) {
    doubt('ProbeUnknown', `The probe ${name} is unknown at the end.`);
  }
  const [verdict, found] =
    drill.failures.length > 0
      ? (['Failed', drill.failures] as const)
      : (['Inconclusive', drill.doubts] as const);
  if (found.length > 0) {
    const message = found.map((finding) => finding.message).join(' ');
    return decide(drill, at, verdict, { reason: found[0]!.reason, message });
  }
  const message = `Every one of ${accepted} accepted orders is accounted for, and every invariant holds.`;
  decide(drill, at, 'Passed', { reason: 'AccountedFor', message });
}

const broken = ({ check }: DrillState) =>
  (check?.invariants ?? []).filter(({ status }) => status === 'broken');

const some = (names: string[]): string =>
  names.length > NAMED ? `${names.slice(0, NAMED).join(', ')} and others` : names.join(', ');
