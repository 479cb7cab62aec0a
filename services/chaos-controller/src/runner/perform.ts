import type { BankFaults } from '../bank.ts';
import type { DrillState, Effect, Outcome } from '../drill-state.ts';
import { type Driver, Refusal } from '../driver.ts';
import type { Eyes } from '../seen.ts';

export type World = { driver: Driver; eyes: Eyes; bank: Pick<BankFaults, 'set' | 'reset'> };

/** Effects that are harmless however often they are done, and whether or not anybody wrote down that they are wanted. */
const harmless: readonly Effect['do'][] = ['undo', 'stop-orders', 'check', 'tally', 'end-turn', 'tell'];

export const needsRecord = (effect: Effect): boolean => !harmless.includes(effect.do);

/** Does one effect. Throws when it is not known what came of it; then the same is done again. */
export async function perform(
  { driver, eyes, bank }: World,
  drill: DrillState,
  effect: Effect,
): Promise<Outcome> {
  const { id, name, spec } = drill;
  switch (effect.do) {
    case 'take-turn':
      return { of: 'take-turn', taken: await driver.takeTurn({ id }) };
    case 'end-turn':
      await driver.endTurn({ id });
      return { of: 'end-turn' };
    case 'start-orders':
      await eyes.start(drill);
      return { of: 'start-orders' };
    case 'stop-orders':
      await eyes.stopOrders(drill);
      return { of: 'stop-orders' };
    case 'remove': {
      const removed = await driver.remove(effect.instance, effect.how);
      return { of: 'remove', uid: effect.instance.uid, removed };
    }
    case 'cut':
      return struck('cut', driver.cut(spec.target, { id, until: new Date(effect.until) }));
    case 'scale-to-zero':
      return struck('scale-to-zero', driver.scaleToZero(spec.target, { id, until: new Date(effect.until) }));
    case 'bank':
      await bank.set(effect.fault);
      return { of: 'bank' };
    case 'undo':
      await undo({ driver, bank }, drill);
      return { of: 'undo' };
    case 'check': {
      const question = { since: new Date(effect.since), settledBy: new Date(effect.settledBy) };
      return { of: 'check', view: await eyes.check(question) };
    }
    case 'tally':
      return { of: 'tally', tallies: await eyes.finish(drill) };
    case 'tell': {
      const { type, reason, message, instance } = effect;
      await driver.tell({ drill: { id, name }, instance }, { type, reason, message });
      return { of: 'tell' };
    }
    default:
      return effect satisfies never;
  }
}

async function struck(of: 'cut' | 'scale-to-zero', strike: Promise<void>): Promise<Outcome> {
  try {
    await strike;
    return { of };
  } catch (error) {
    if (error instanceof Refusal) return { of, refused: error.message };
    throw error;
  }
}

/** Undoes whatever a drill may have left. */
export async function undo(
  { driver, bank }: Pick<World, 'driver' | 'bank'>,
  { id, spec }: Pick<DrillState, 'id' | 'spec'>,
): Promise<void> {
  await driver.undo({ id });
  if (spec.fault.type === 'bank') await bank.reset();
}
