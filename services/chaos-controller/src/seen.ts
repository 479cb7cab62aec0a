import type { InvariantsView } from '@orderflow/contracts/invariants';
import type { KillSwitch, TargetState } from './driver.ts';

/** `unknown`: no answer, an empty result, or more than one number. It never counts as holding. */
export type ProbeResult = 'holds' | 'fails' | 'unknown';

/** What became of the drill's own orders so far. */
export type OrdersSeen = {
  asked: number;
  accepted: number;
  /** Asked as often as a client may, and never accepted. */
  refused: number;
  /** Accepted and at their end: paid, or cancelled for a reason. */
  ended: number;
  /** Of the order asked last among those that are at their end, in epoch milliseconds. */
  lastEnd: { askedAt: number; endedAt: number } | null;
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
