import type { Logger } from '@orderflow/service-kit/logger';
import type { DrillState, Effect, Outcome } from '../drill-state.ts';
import { learn } from '../engine.ts';
import { within } from '../within.ts';
import type { DrillBook, OpenDrill } from './drill-book.ts';
import { needsRecord, perform, type World } from './perform.ts';

type Work = { effect: Effect; done: Promise<Outcome> };

type Options = { world: World; book: DrillBook; log: Logger; now: () => number };

/**
 * Carries out what drills want, one effect at a time for each. One that takes long goes on while the drill is looked at
 * again; one that fails is tried again at the next call, with the same arguments.
 */
export function createHands({ world, book, log, now }: Options) {
  const underWay = new Map<string, Work>();

  function begin(drill: DrillState, effect: Effect): Work {
    log.info({ drill: drill.id, name: drill.name, effect: effect.do }, 'carrying out');
    const work = { effect, done: perform(world, drill, effect) };
    work.done.catch(() => {});
    underWay.set(drill.id, work);
    return work;
  }

  /** Waits for an effect until a time. False when it is still under way. */
  async function finish(one: OpenDrill, { effect, done }: Work, until: number): Promise<boolean> {
    const waitMs = Math.max(0, until - now());
    const over = await within(waitMs, effect.do, Promise.allSettled([done])).catch(() => undefined);
    if (!over) return false;
    underWay.delete(one.id);
    const [result] = over;
    if (result.status === 'fulfilled') {
      await book.change(one, learn(one.state, effect, result.value, now()));
    } else {
      const error = String(result.reason);
      log.warn({ drill: one.id, effect: effect.do, error }, 'what came of it is not known; trying again');
    }
    return true;
  }

  return {
    /** Does what there is to do, for at most so long. */
    async workOff(one: OpenDrill, forMs: number): Promise<void> {
      const until = now() + forMs;
      const tried = new Set<string>();
      const before = underWay.get(one.id);
      if (before) {
        if (!(await finish(one, before, until))) return;
        tried.add(JSON.stringify(before.effect));
      }
      for (;;) {
        const effect = one.state.todo.find((next) => !tried.has(JSON.stringify(next)) && mayBegin(one, next));
        if (!effect) return;
        tried.add(JSON.stringify(effect));
        if (!(await finish(one, begin(one.state, effect), until))) return;
      }
    },
    /** For the end of the process: waits a moment for what is under way. */
    async rest(forMs: number): Promise<void> {
      const all = Promise.allSettled([...underWay.values()].map(({ done }) => done));
      await within(forMs, 'what is under way', all).catch(() => {});
    },
  };
}

/** A fault begins only when it is written down, and the turn ends only when all else is done. */
function mayBegin({ kept, state }: OpenDrill, effect: Effect): boolean {
  if (effect.do === 'end-turn') return state.todo.every((other) => ['end-turn', 'tell'].includes(other.do));
  return kept || !needsRecord(effect);
}
