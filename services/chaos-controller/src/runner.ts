import type { Database } from '@orderflow/service-kit/database';
import type { ServiceScope } from '@orderflow/service-kit/lifecycle';
import { startLoop } from '@orderflow/service-kit/loop';
import { resume, step } from './engine.ts';
import type { Rules } from './guards.ts';
import type { DrillMetrics } from './metrics.ts';
import { otherDrills } from './operations/keep-drill.ts';
import { type OpenDrill, openDrillBook } from './runner/drill-book.ts';
import { createHands } from './runner/hands.ts';
import { undoLeftovers } from './runner/leftovers.ts';
import type { World } from './runner/perform.ts';
import { turnKeeper } from './runner/turn.ts';
import type { MakeReport } from './seen.ts';

export type Settings = Omit<Rules, 'last' | 'running'>;

type Options = {
  db: Database;
  world: World;
  settings: Settings;
  makeReport: MakeReport;
  metrics: DrillMetrics;
  scope: Pick<ServiceScope, 'log' | 'health'>;
  /** Between looks. */
  everyMs?: number;
  /** Between rounds of undoing what drills that are over have left. */
  leftoversEveryMs?: number;
  now?: () => number;
};

const MAX_SILENCE_MS = 60_000;
const REST_MS = 5_000;

/**
 * Runs the drills that are written down: looks at everything, lets the engine decide, writes that down and carries it
 * out. It can die between any two of these; who comes after it goes on from what is written.
 */
export function startRunner(options: Options) {
  const { db, world, settings, makeReport, metrics, scope, everyMs = 1_000, now = Date.now } = options;
  const { leftoversEveryMs = 60_000 } = options;
  const { driver, eyes } = world;
  const log = scope.log.child({ part: 'runner' });
  const book = openDrillBook({ db, driverKind: driver.kind, makeReport, log, now });
  const hands = createHands({ world, book, log, now });
  const turns = turnKeeper({ driver, now });

  const rulesFor = async ({ state }: OpenDrill): Promise<Rules> => {
    // Only a drill that has not begun asks about the others.
    const others = state.phase === 'Pending' ? await otherDrills(db, state) : { last: null, running: null };
    return { ...settings, ...others };
  };

  async function advance(one: OpenDrill): Promise<void> {
    const { state, abortAsked } = one;
    if (one.lost) return leave(one);
    if (state.endedAt !== null) return close(one);
    const [seen, turn, rules] = await Promise.all([eyes.look(state), turns.keep(state), rulesFor(one)]);
    metrics.killSwitch(seen.killSwitch.engaged);
    const next = step(one.state, { ...seen, turn, abortAsked, rules });
    await book.change(one, next);
    if (one.lost) return leave(one);
    await hands.workOff(one, everyMs);
    metrics.follow(one.state);
    if (one.state.endedAt !== null) await close(one);
  }

  async function close(one: OpenDrill): Promise<void> {
    const { id, state } = one;
    await book.keep(one);
    if (!one.kept) return;
    book.forget(id);
    turns.forget(id);
    metrics.count(state);
    const { name, phase: verdict, reason, message } = state;
    log.info({ drill: id, name, verdict, reason, message }, 'a drill is over');
  }

  async function leave(one: OpenDrill): Promise<void> {
    const { id, state } = one;
    book.leave(one);
    turns.forget(id);
    metrics.leave(state);
    log.warn(
      { drill: id, name: state.name },
      'another controller has taken a drill over; it is left to that one',
    );
    await eyes.leave(state);
  }

  async function advanceAll(beat: () => void): Promise<void> {
    const { drills, found } = await book.all();
    for (const one of found) one.state = resume(one.state, now());
    for (const one of drills) {
      beat();
      try {
        await advance(one);
      } catch (error) {
        log.error({ error, drill: one.id }, 'a drill could not be advanced; trying again');
      }
    }
  }

  let leftoversAt = 0;
  async function undoWhatIsLeft(): Promise<void> {
    if (Math.abs(now() - leftoversAt) < leftoversEveryMs) return;
    leftoversAt = now();
    await undoLeftovers({ db, ...world, log }).catch((error) =>
      log.warn({ error }, 'what drills have left could not be undone; trying again'),
    );
  }

  const loop = startLoop({
    name: 'runner',
    scope: { ...scope, log },
    everyMs,
    maxSilenceMs: MAX_SILENCE_MS,
    failure: 'a round failed; trying again',
    async round({ beat }) {
      const began = now();
      await advanceAll(beat).finally(undoWhatIsLeft);
      return Math.max(10, everyMs - (now() - began));
    },
  });
  return {
    /** Lets the step in hand end. A drill that is under way is gone on with by the next process. */
    async stop(): Promise<void> {
      await loop.stop();
      await hands.rest(REST_MS);
    },
  };
}
