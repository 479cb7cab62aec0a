import type { BankFault, DrillPhase, DrillSpec, Verdict } from '@orderflow/contracts/drills';
import type { CheckView, InvariantsView } from '@orderflow/contracts/invariants';
import type { Removed, RemoveHow } from './driver.ts';
import type { ProbeResult, Tallies } from './seen.ts';

/** What the engine wants done. Each can be done again with the same arguments. */
export type Effect =
  | { do: 'take-turn' }
  | { do: 'start-orders' }
  | { do: 'remove'; instance: { name: string; uid: string }; how: RemoveHow }
  | { do: 'cut' | 'scale-to-zero'; until: number }
  | { do: 'bank'; fault: BankFault }
  | { do: 'undo' }
  | { do: 'stop-orders' }
  | { do: 'check'; since: number; settledBy: number }
  | { do: 'tally' }
  | { do: 'end-turn' }
  | {
      do: 'tell';
      type: 'Normal' | 'Warning';
      reason: string;
      message: string;
      instance?: { name: string; uid: string };
    };

/** What came of an effect, for those where it matters. */
export type Outcome =
  | { of: 'take-turn'; taken: boolean }
  | { of: 'remove'; uid: string; removed: Removed }
  | { of: 'check'; view: CheckView | undefined }
  | { of: 'tally'; tallies: Tallies }
  | { of: 'cut' | 'scale-to-zero'; refused?: string }
  | { of: Exclude<Effect['do'], 'take-turn' | 'remove' | 'cut' | 'scale-to-zero' | 'check' | 'tally'> };

export type Chosen = { name: string; uid: string; outcome: Removed['outcome'] | null };
export type ProbeTally = {
  samples: number;
  failed: number;
  /** Up to now, without one that held or was unknown between them. */
  failedInARow: number;
  unknown: number;
  last: ProbeResult;
};
/** One word for programs, a sentence for people. */
export type Finding = { reason: string; message: string };
export type Ending = Finding & { verdict: Verdict; decidedAt: number };

/**
 * All that is known of a drill, written to the database before anything is done about it. Times are epoch
 * milliseconds; it is JSON as it stands.
 */
export type DrillState = {
  id: string;
  name: string;
  spec: DrillSpec;
  createdAt: number;
  phase: DrillPhase;
  /** Since when it has been in this phase, less the time that nobody looked. */
  phaseSince: number;
  lookedAt: number | null;
  /** Its orders began. */
  startedAt: number | null;
  endedAt: number | null;
  reason: string | null;
  message: string | null;
  turn: 'none' | 'held' | 'another';
  /** When the turn was last known to be ours. */
  turnKeptAt: number;
  /** When the gateway or the auditor was last reached. */
  sightAt: number;
  /** Since when everything has held, before the fault. */
  steadySince: number | null;
  /** Tries that had gone bad at the last look. */
  badTries: number;
  /** Before the fault: the longest that no order came to its end and that one took, in milliseconds; how many were cancelled. */
  longestGap: number;
  slowestBefore: number;
  cancelledBefore: number;
  invariantsBefore: InvariantsView['status'];
  /** Instances chosen for removal, one list for each time. */
  rounds: { chosenAt: number; instances: Chosen[] }[];
  roundsLeft: number;
  /** When a fault was first known to be done, and the last one. */
  injectedAt: number | null;
  lastInjectedAt: number | null;
  /** When a fault that lasts is to be undone. */
  faultUntil: number | null;
  /** From when on things must get well: the undoing, or the last removal. */
  faultEndedAt: number | null;
  /** Until when, moved on by the time that nobody looked. */
  recoverBy: number | null;
  /** `after` in seconds. */
  detected: { after: number; by: string } | null;
  /** Looks in a row at which all was well again. */
  wellLooks: number;
  wellSince: number | null;
  recoveredAt: number | null;
  probes: Record<string, ProbeTally>;
  /** When every order was at its end: everything that began before must have come to rest. */
  settledBy: number | null;
  check: CheckView | null;
  checkedAt: number | null;
  /** Verifying took too long. */
  late: boolean;
  tallies: Tallies | null;
  /** Seconds in which nobody looked, because the controller was away. */
  awaySeconds: number;
  /** What makes it Failed, and what keeps it from being Passed. */
  failures: Finding[];
  doubts: Finding[];
  /** Decided, and being wound up. */
  ending: Ending | null;
  /** Nothing of a fault is left, as far as is known. */
  undone: boolean;
  /** Wanted and not known to be done. */
  todo: Effect[];
  timeline: { at: number; phase: DrillPhase; what: string }[];
};

/** A drill that nothing was done about yet. */
export const newDrill = (drill: { id: string; name: string; spec: DrillSpec; at: number }): DrillState => ({
  id: drill.id,
  name: drill.name,
  spec: drill.spec,
  createdAt: drill.at,
  phase: 'Pending',
  phaseSince: drill.at,
  lookedAt: null,
  startedAt: null,
  endedAt: null,
  reason: null,
  message: null,
  turn: 'none',
  turnKeptAt: drill.at,
  sightAt: drill.at,
  steadySince: null,
  badTries: 0,
  longestGap: 0,
  slowestBefore: 0,
  cancelledBefore: 0,
  invariantsBefore: 'unknown',
  rounds: [],
  roundsLeft: drill.spec.fault.times,
  injectedAt: null,
  lastInjectedAt: null,
  faultUntil: null,
  faultEndedAt: null,
  recoverBy: null,
  detected: null,
  wellLooks: 0,
  wellSince: null,
  recoveredAt: null,
  probes: {},
  settledBy: null,
  check: null,
  checkedAt: null,
  late: false,
  tallies: null,
  awaySeconds: 0,
  failures: [],
  doubts: [],
  ending: null,
  undone: true,
  todo: [],
  timeline: [{ at: drill.at, phase: 'Pending', what: 'The drill was asked for.' }],
});

/** In seconds; see `recoveredAfter` of the report. */
export const recoveredAfter = ({
  injectedAt,
  recoveredAt,
}: Pick<DrillState, 'injectedAt' | 'recoveredAt'>): number | null =>
  injectedAt === null || recoveredAt === null ? null : Math.max(0, recoveredAt - injectedAt) / 1000;

export const isOver = (drill: Pick<DrillState, 'endedAt'>): boolean => drill.endedAt !== null;
