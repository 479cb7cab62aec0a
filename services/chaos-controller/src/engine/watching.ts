import type { DrillState, Finding } from '../drill-state.ts';
import type { Rules } from '../guards.ts';
import type { Seen } from '../seen.ts';

/** Everything that the engine decides by. */
export type Look = Seen & {
  turn: 'held' | 'lost' | 'unknown';
  /** Why somebody wants the drill to end. */
  abortAsked: string | null;
  rules: Rules;
};

/** A gap between two looks that is longer was the controller's own absence. */
export const AWAY_MS = 10_000;
/** The turn may be unknown for so long; the driver's own expiry is longer. */
const TURN_UNKNOWN_MS = 10_000;
/** A burn rate of fewer tries says nothing. */
const LEAST_TRIES = 5;
/** A shorter time without an order at its end shows nothing. */
const LEAST_PAUSE_MS = 3_000;
/** Of the last orders at their end. */
const CANCELLED_SHARE = 0.2;
const SLOW_SHARE = 0.3;
/** Nobody calls an order slow that took less. */
const LEAST_SLOW_MS = 1_000;

const uidsRemoved = (drill: DrillState) =>
  new Set(
    drill.rounds.flatMap(({ instances }) =>
      instances.filter(({ outcome }) => outcome !== 'refused').map(({ uid }) => uid),
    ),
  );

/** As many instances as there should be are ready, and none of them is one that was taken and only takes its time to go. */
export function isReady(drill: DrillState, { target }: Seen): boolean {
  if (!target || target.wanted === 0) return false;
  const removed = uidsRemoved(drill);
  const present = target.instances.filter(({ ready }) => ready);
  return present.length >= target.wanted && !target.instances.some(({ uid }) => removed.has(uid));
}

export const probesWith = ({ spec }: DrillState, { probes }: Seen, result: 'fails' | 'unknown') =>
  spec.probes.filter(({ name }) => (probes[name] ?? 'unknown') === result);

/** Those that have failed at two looks in a row: a single answer that comes late says more of the machine than of the system. */
export const failingProbes = (drill: DrillState, look: Seen) =>
  probesWith(drill, look, 'fails').filter(({ name }) => drill.probes[name]!.failedInARow >= 2);

/** What keeps things from being steady before the fault. */
export function unsteady(drill: DrillState, look: Seen): string[] {
  const { orders } = look;
  const found: string[] = [];
  if (!isReady(drill, look)) found.push('the target is not ready');
  if (!look.gateway) found.push('the gateway does not answer');
  if (look.invariants !== 'holds') found.push(`the invariants are ${look.invariants}`);
  for (const { name } of probesWith(drill, look, 'fails')) found.push(`the probe ${name} fails`);
  for (const { name } of probesWith(drill, look, 'unknown')) found.push(`the probe ${name} is unknown`);
  if (orders.accepted === 0) found.push('no order was accepted');
  else if (!orders.lastEnd) found.push('no order came to its end');
  if (orders.tries.bad > drill.badTries) found.push('tries to order go wrong');
  return found;
}

/** The longest of the last times that no order came to its end, the one until now included. */
export function longestGapOf({ at, orders: { lastEnds } }: Seen): number {
  const next = [...lastEnds.slice(1).map((end) => end.at), at];
  return Math.max(0, ...lastEnds.map((end, i) => next[i]! - end.at));
}

/** Of the last orders at their end, the longest that one took. */
export const slowestOf = ({ orders: { lastEnds } }: Seen): number =>
  Math.max(0, ...lastEnds.map(({ tookMs }) => tookMs));

/** Orders take much longer than the slowest of them took before. */
function isSlow(drill: DrillState, { orders: { lastEnds } }: Seen): boolean {
  const limit = Math.max(LEAST_SLOW_MS, 3 * drill.slowestBefore);
  const slow = lastEnds.filter(({ tookMs }) => tookMs > limit).length;
  return slow > 0 && slow / lastEnds.length >= SLOW_SHARE;
}

/** No order has come to its end for much longer than it took before, and not because none was asked for. */
function isPaused(drill: DrillState, { at, orders: { lastEnds, openSince } }: Seen): boolean {
  if (openSince === null) return false;
  const pausedSince = Math.max(openSince, lastEnds.at(-1)?.at ?? 0);
  return at - pausedSince > Math.max(LEAST_PAUSE_MS, 3 * drill.longestGap);
}

/** Drills order what is there and pay with a good card: where no order was cancelled, some now are. */
function isCancelling(drill: DrillState, { orders: { lastEnds } }: Seen): boolean {
  const cancelled = lastEnds.filter((end) => end.cancelled).length;
  return drill.cancelledBefore === 0 && cancelled > 0 && cancelled / lastEnds.length >= CANCELLED_SHARE;
}

/** What shows that something is wrong; the first such look is the detection. */
export function symptom(drill: DrillState, look: Seen): string | undefined {
  if (look.target && !isReady(drill, look)) return 'target';
  if (!look.gateway) return 'gateway';
  const failing = probesWith(drill, look, 'fails')[0];
  if (failing) return `probe ${failing.name}`;
  if (look.orders.tries.bad > drill.badTries) return 'orders';
  if (look.invariants === 'broken') return 'invariants';
  if (isCancelling(drill, look)) return 'orders are being cancelled';
  if (isPaused(drill, look)) return 'orders stopped coming to their end';
  if (isSlow(drill, look)) return 'orders take longer to their end';
  return undefined;
}

/** What is not well yet after the fault. Something unknown is told apart, for it proves nothing. */
export function unwell(drill: DrillState, look: Seen): { wrong: string[]; unknown: string[] } {
  const wrong: string[] = [];
  const unknown = probesWith(drill, look, 'unknown').map(({ name }) => `the probe ${name}`);
  if (!look.target) unknown.push('the target');
  else if (!isReady(drill, look)) wrong.push('the target is not ready');
  if ((look.orders.lastEnd?.askedAt ?? 0) <= (drill.faultEndedAt ?? drill.lastInjectedAt ?? look.at)) {
    wrong.push('no order that was asked for since came to its end');
  }
  for (const { name } of probesWith(drill, look, 'fails')) wrong.push(`the probe ${name} fails`);
  return { wrong, unknown };
}

/** Counts looks in a row at which all was well after the fault. */
export function trackWell(drill: DrillState, look: Seen) {
  const { wrong, unknown } = unwell(drill, look);
  if (wrong.length + unknown.length > 0) {
    drill.wellLooks = 0;
    drill.wellSince = null;
    return;
  }
  drill.wellLooks += 1;
  drill.wellSince ??= look.at;
}

/** Keeps count of what the probes said, for the report. */
export function tallyProbes(drill: DrillState, { probes }: Seen) {
  for (const { name } of drill.spec.probes) {
    const last = probes[name] ?? 'unknown';
    const tally = drill.probes[name] ?? { samples: 0, failed: 0, failedInARow: 0, unknown: 0, last };
    drill.probes[name] = {
      samples: tally.samples + 1,
      failed: tally.failed + (last === 'fails' ? 1 : 0),
      failedInARow: last === 'fails' ? tally.failedInARow + 1 : 0,
      unknown: tally.unknown + (last === 'unknown' ? 1 : 0),
      last,
    };
  }
}

/** Why a drill that is under way must stop now. */
export function abortReason(drill: DrillState, look: Look): Finding | undefined {
  const { abortWhen } = drill.spec;
  if (look.abortAsked !== null) return { reason: 'AbortAsked', message: look.abortAsked };
  if (look.killSwitch.engaged) {
    const message = `The kill switch was engaged (${look.killSwitch.by}): ${look.killSwitch.reason}`;
    return { reason: 'KillSwitch', message };
  }
  if (drill.turn === 'another' || look.turn === 'lost' || look.at - drill.turnKeptAt > TURN_UNKNOWN_MS) {
    return { reason: 'TurnLost', message: 'The right to be the only drill was lost.' };
  }
  if (drill.phase !== 'Injecting' && drill.phase !== 'Observing') return undefined;
  if (look.at - drill.sightAt >= abortWhen.blindSeconds * 1000) {
    const message = `Neither the gateway nor the auditor was reached for ${abortWhen.blindSeconds} s.`;
    return { reason: 'Blind', message };
  }
  const { good, bad } = look.orders.tries;
  const burnRate = good + bad < LEAST_TRIES ? 0 : bad / (good + bad) / (1 - abortWhen.objective);
  if (abortWhen.burnRate !== undefined && burnRate >= abortWhen.burnRate) {
    const message = `The error budget burned ${burnRate.toFixed(1)} times as fast as its objective allows; the limit is ${abortWhen.burnRate}. Of ${good + bad} tries ${bad} went wrong.`;
    return { reason: 'BurnRate', message };
  }
  return undefined;
}
