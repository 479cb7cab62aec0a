import type { DrillReport } from '@orderflow/contracts/drills';
import type { CheckView, InvariantsView } from '@orderflow/contracts/invariants';
import type { DrillState } from './drill-state.ts';
import type { Driver, KillSwitch, TargetState } from './driver.ts';

/**
 * `unknown`: Prometheus gave no answer, an empty result, or more than one number. It never counts as holding. An
 * address that gives no answer fails.
 */
export type ProbeResult = 'holds' | 'fails' | 'unknown';

/** What became of the drill's own orders so far. */
export type OrdersSeen = {
  asked: number;
  accepted: number;
  /** Asked as often as a client may, and never accepted. */
  refused: number;
  /** Accepted and at their end: paid, or cancelled for a reason. */
  ended: number;
  /** Of those that ended, how many were cancelled. */
  cancelled: number;
  /** Not at rest: without an answer, or there and not at its end. Orders that were refused and yet exist count too. */
  open: number;
  /** When the order was asked for that has waited longest for its answer or its end. */
  openSince: number | null;
  /** Of the order asked last among those that are at their end, in epoch milliseconds. */
  lastEnd: { askedAt: number; endedAt: number } | null;
  /** The last ten that came to their end, the latest one last; how long each took, in milliseconds. */
  lastEnds: { at: number; cancelled: boolean; tookMs: number }[];
  /** Single tries of the last `abortWhen.windowSeconds`. */
  tries: { good: number; bad: number };
};

/** One look at everything, taken every second; the engine decides by nothing else. */
export type Seen = {
  /** Epoch milliseconds. */
  at: number;
  /** Undefined when it could not be looked at. */
  target: TargetState | undefined;
  orders: OrdersSeen;
  /** `unreachable`: the auditor gave no answer. */
  invariants: InvariantsView['status'] | 'unreachable';
  /** The gateway answered something within the last second or two. */
  gateway: boolean;
  probes: Record<string, ProbeResult>;
  killSwitch: KillSwitch;
};

/** What became of the drill's orders in the end, and how long they took before, during and after the fault. */
export type Tallies = Pick<DrillReport, 'orders' | 'latency' | 'pace'> & {
  /** The system listed the drill's orders. Without that nobody can tell whether some are doubled. */
  listed: boolean;
};

/**
 * The side of a drill that only looks: its own orders, probes, the auditor. What the outside does not answer is
 * `unknown` and the like; these throw only when our own database cannot be reached.
 */
export type Eyes = {
  /** Begins with the drill's orders. Called again for the same drill, after a restart too, it goes on with them. */
  start(drill: DrillState): Promise<void>;
  /** Also for a drill whose orders have not begun: it has no orders then. Takes three seconds at most. */
  look(drill: DrillState): Promise<Seen>;
  /** Asks for no more orders; those that were asked for are still followed to their end. */
  stopOrders(drill: DrillState): Promise<void>;
  /** The auditor's check on demand; undefined when it gave no answer. */
  check(question: { since: Date; settledBy: Date }): Promise<CheckView | undefined>;
  /** Counts the orders for the report, and forgets the drill. Called again it counts the same. */
  finish(drill: DrillState): Promise<Tallies>;
  /** Leaves the drill's orders to another process, and forgets the drill. */
  leave(drill: DrillState): Promise<void>;
  /** For the end of this process: nothing is asked for or looked at after it. */
  close(): Promise<void>;
};

/** Makes the report of a drill that is over, from what its state remembers. `previous` is of the same name. */
export type MakeReport = (input: {
  drill: DrillState;
  driver: Driver['kind'];
  previous: DrillReport | null;
}) => DrillReport;
