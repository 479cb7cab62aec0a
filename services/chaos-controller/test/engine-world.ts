import type { DrillState, Effect, Outcome } from '../src/drill-state.ts';
import { type Look, learn, step } from '../src/engine.ts';
import type { Rules } from '../src/guards.ts';
import type { Tallies } from '../src/seen.ts';
import { aCheck } from './drill-samples.ts';

export const someRules: Rules = {
  namespaces: ['shop'],
  minReplicas: { service: 1, postgres: 1, redis: 1 },
  cooldownSeconds: 30,
  quietHours: [],
  hasBank: true,
  gatewayUrl: 'http://gateway:8080',
  probeOrigins: ['http://auditor:8080'],
  last: null,
  running: null,
};

export const someTarget: NonNullable<Look['target']> = {
  namespace: 'shop',
  wanted: 2,
  disruptionsAllowed: null,
  instances: [
    { name: 'inventory-a', uid: 'uid-a', ready: true, optedIn: true },
    { name: 'inventory-b', uid: 'uid-b', ready: true, optedIn: true },
  ],
};

const latency = { orders: 0, p50: null, p95: null, p99: null, endP95: null };
export const someTallies: Tallies = {
  orders: {
    asked: 30,
    accepted: 30,
    refused: 0,
    paid: 30,
    cancelled: 0,
    open: 0,
    openIds: [],
    lost: 0,
    lostIds: [],
    doubled: 0,
    doubledIds: [],
  },
  latency: { before: latency, during: latency, after: latency },
  pace: null,
  listed: true,
};

/** A look at which all is well; instances that the drill has taken were replaced. */
export function goodLook(drill: DrillState, at: number): Look {
  const taken = new Set(drill.rounds.flatMap(({ instances }) => instances.map(({ uid }) => uid)));
  const replaced = (uid: string): string => (taken.has(uid) ? replaced(`${uid}'`) : uid);
  return {
    at,
    target: {
      ...someTarget,
      instances: someTarget.instances.map((one) => ({ ...one, uid: replaced(one.uid) })),
    },
    orders: {
      asked: 30,
      accepted: 30,
      refused: 0,
      ended: 30,
      cancelled: 0,
      open: 0,
      openSince: null,
      lastEnd: { askedAt: at - 100, endedAt: at },
      lastEnds: [300, 200, 100].map((ago) => ({ at: at - ago, cancelled: false, tookMs: 100 })),
      tries: { good: 30, bad: 0 },
    },
    invariants: 'holds',
    gateway: true,
    probes: Object.fromEntries(drill.spec.probes.map(({ name }) => [name, 'holds'])),
    killSwitch: { engaged: false, reason: '', by: 'rest' },
    turn: drill.turn === 'held' ? 'held' : 'unknown',
    abortAsked: null,
    rules: someRules,
  };
}

/** What comes of an effect in a world where all goes well. */
export function goodOutcome(effect: Effect): Outcome {
  switch (effect.do) {
    case 'take-turn':
      return { of: 'take-turn', taken: true };
    case 'remove':
      return { of: 'remove', uid: effect.instance.uid, removed: { outcome: 'removed' } };
    case 'check':
      return { of: 'check', view: aCheck('one-charge-per-order', []) };
    case 'tally':
      return { of: 'tally', tallies: someTallies };
    default:
      return { of: effect.do };
  }
}

type Drive = {
  /** What is different from a good look. */
  look?: (drill: DrillState, at: number) => Partial<Look>;
  /** What comes of an effect; undefined when that is not known and it is done again. */
  outcome?: (effect: Effect, drill: DrillState, at: number) => Outcome | undefined;
  /** Milliseconds from one look to the next. */
  pause?: (n: number) => number;
  /** Stops before the end. */
  until?: (drill: DrillState) => boolean;
  maxLooks?: number;
};

/** Runs a drill look by look, as the runner would. Gives it with what was carried out, in order. */
export function drive(start: DrillState, options: Drive = {}) {
  const { look = () => ({}), outcome = goodOutcome, pause = () => 1_000, until = () => false } = options;
  const done: { effect: Effect; phase: DrillState['phase']; known: boolean }[] = [];
  let drill = start;
  let at = start.lookedAt ?? start.createdAt;
  let looks = 0;
  for (; looks < (options.maxLooks ?? 2_000) && drill.endedAt === null && !until(drill); looks++) {
    at += pause(looks);
    drill = step(drill, { ...goodLook(drill, at), ...look(drill, at) });
    const tried = new Set<string>();
    for (;;) {
      const effect = drill.todo.find((one) => !tried.has(JSON.stringify(one)));
      if (!effect) break;
      tried.add(JSON.stringify(effect));
      const result = outcome(effect, drill, at);
      done.push({ effect, phase: drill.phase, known: result !== undefined });
      if (result) drill = learn(drill, effect, result, at);
    }
  }
  return { drill, done, looks, effects: done.map(({ effect }) => effect.do) };
}
