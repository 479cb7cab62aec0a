import type { DrillSpec } from '@orderflow/contracts/drills';
import type { DrillState } from '../src/drill-state.ts';
import { type Driver, type KillSwitch, Refusal, type TargetState } from '../src/driver.ts';
import type { World } from '../src/runner/perform.ts';
import type { Eyes } from '../src/seen.ts';
import { aCheck } from './drill-samples.ts';
import { goodLook, someTallies } from './engine-world.ts';

type Call = keyof Driver | 'start' | 'stopOrders' | 'leave' | 'check' | 'finish' | 'bank.set' | 'bank.reset';

/** What becomes of a call: done and answered, lost on its way, or done without an answer. */
export type Fate = 'done' | 'lost' | 'unanswered' | 'refused';

/** How much time passes from one look to the next. */
const LOOK_MS = 1_000;

/**
 * A world in memory with a driver, a bank and eyes, which outlives the controllers that tests drop. What was taken away
 * is replaced at once.
 */
export function fakeWorld() {
  const calls: { call: Call; about: string }[] = [];
  const target: TargetState = {
    namespace: 'local',
    wanted: 1,
    disruptionsAllowed: null,
    instances: [{ name: 'inventory', uid: 'uid-1', ready: true, optedIn: true }],
  };
  const removed: string[] = [];
  const left = new Set<string>();
  let bankFault: object = {};
  let turn: string | null = null;
  let now = Date.now();
  const world = {
    /** Time passes with looks only, so that nobody waits for it and a slow machine changes nothing. */
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    /** In this phase time stands still, so that it can be met however short it is; in all until a test waits for one. */
    stillIn: 'all' as string | undefined,
    calls,
    target,
    removed,
    left,
    bankFault: () => bankFault,
    turn: () => turn,
    setTurn: (id: string | null) => {
      turn = id;
    },
    killSwitch: { engaged: false, reason: '', by: 'rest' } as KillSwitch,
    /** What becomes of the next calls. */
    fate: (_call: Call): Fate | Promise<Fate> => 'done',
    look: (_drill: DrillState): Partial<Awaited<ReturnType<Eyes['look']>>> => ({}),
    effects: () => calls.map(({ call }) => call),
    /** A controller's way to it: once it is cut, nothing that this controller does arrives any more. */
    access,
  };

  function access(): World & { cut: () => void } {
    let isCut = false;
    const cut = () => {
      isCut = true;
    };

    async function call<T>(name: Call, about: string, work: () => T): Promise<T> {
      if (isCut) return new Promise(() => {});
      calls.push({ call: name, about });
      const fate = await world.fate(name);
      if (isCut) return new Promise(() => {});
      if (fate === 'lost') throw new Error(`${name} got lost`);
      if (fate === 'refused') throw new Refusal(`${name} cannot be`);
      const result = work();
      if (fate === 'unanswered') throw new Error(`${name} was not answered`);
      return result;
    }

    const driver: Driver = {
      kind: 'local',
      look: async () => structuredClone(target),
      remove: ({ uid }) =>
        call('remove', uid, () => {
          const there = target.instances.find((one) => one.uid === uid);
          if (!there) return { outcome: 'gone' as const };
          removed.push(uid);
          there.uid = `uid-${removed.length + 1}`;
          return { outcome: 'removed' as const };
        }),
      cut: (_target, { id }) => call('cut', id, () => void left.add(id)),
      scaleToZero: (_target, { id }) => call('scaleToZero', id, () => void left.add(id)),
      undo: ({ id }) => call('undo', id, () => void left.delete(id)),
      leftovers: async () => [...left],
      killSwitch: async () => world.killSwitch,
      takeTurn: ({ id }) =>
        call('takeTurn', id, () => {
          turn ??= id;
          return turn === id;
        }),
      keepTurn: async ({ id }) => (isCut ? new Promise(() => {}) : turn === id),
      endTurn: ({ id }) =>
        call('endTurn', id, () => {
          if (turn === id) turn = null;
        }),
      tell: async (_about, { reason }) => void calls.push({ call: 'tell', about: reason }),
    };
    const eyes: Eyes = {
      start: ({ id }) => call('start', id, () => {}),
      stopOrders: ({ id }) => call('stopOrders', id, () => {}),
      async look(drill) {
        if (isCut) return new Promise(() => {});
        if (world.stillIn !== 'all' && drill.phase !== world.stillIn) world.pass(LOOK_MS);
        const { turn: _turn, abortAsked: _asked, rules: _rules, ...seen } = goodLook(drill, world.now());
        return {
          ...seen,
          target: structuredClone(target),
          killSwitch: world.killSwitch,
          ...world.look(drill),
        };
      },
      check: () => call('check', '', () => aCheck('one-charge-per-order', [])),
      finish: ({ id }) => call('finish', id, () => someTallies),
      leave: ({ id }) => call('leave', id, () => {}),
      close: async () => {},
    };
    const bank: World['bank'] = {
      set: (fault) =>
        call('bank.set', '', () => {
          bankFault = fault;
          return {};
        }),
      reset: () =>
        call('bank.reset', '', () => {
          bankFault = {};
          return {};
        }),
    };
    return { driver, eyes, bank, cut };
  }

  return world;
}

export type FakeWorld = ReturnType<typeof fakeWorld>;

/** As short as a drill can be. */
export const quick: Partial<DrillSpec> = {
  dryRun: false,
  steadySeconds: 3,
  observeSeconds: 1,
  recoverWithinSeconds: 20,
  settleWithinSeconds: 20,
};
