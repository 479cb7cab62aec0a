import type { DrillState } from '../drill-state.ts';
import type { Driver } from '../driver.ts';
import type { Look } from '../engine.ts';
import { within } from '../within.ts';

const EVERY_MS = 2_000;
const PATIENCE_MS = 2_000;

/** Keeps the turn of the drill that has it, and says whether it still is held. */
export function turnKeeper({ driver, now }: { driver: Pick<Driver, 'keepTurn'>; now: () => number }) {
  const last = new Map<string, { at: number; turn: Look['turn'] }>();
  const asking = new Map<string, Promise<boolean>>();

  return {
    async keep({ id, turn, ending, todo }: DrillState): Promise<Look['turn']> {
      // What was not taken, is being taken up again or given away need not be kept.
      if (turn !== 'held' || ending || todo.some((effect) => effect.do === 'take-turn')) return 'unknown';
      const known = last.get(id);
      if (known && Math.abs(now() - known.at) < EVERY_MS) return known.turn;
      const asked = asking.get(id) ?? driver.keepTurn({ id }).finally(() => asking.delete(id));
      asking.set(id, asked);
      const held = await within(PATIENCE_MS, 'keeping the turn', asked).catch(() => undefined);
      const answer = held === undefined ? 'unknown' : held ? 'held' : 'lost';
      if (held !== undefined) last.set(id, { at: now(), turn: answer });
      return answer;
    },
    forget: (id: string) => last.delete(id),
  };
}
