import type { DrillSpec } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { undo, type World } from './perform.ts';

const RUNNING = 'SELECT id FROM drills WHERE ended_at IS NULL';
const NOT_UNDONE = 'SELECT id, spec FROM drills WHERE ended_at IS NOT NULL AND NOT undone';
const UNDONE = `
  UPDATE drills SET undone = true, version = version + 1, state = jsonb_set(state, '{undone}', 'true') WHERE id = $1`;

type Options = Pick<World, 'driver' | 'bank'> & { db: Database; log: Logger };

/** Undoes what drills have left that are over, or that nobody remembers. */
export async function undoLeftovers({ db, driver, bank, log }: Options): Promise<void> {
  const running = new Set((await db.query<{ id: string }>(RUNNING)).map(({ id }) => id));
  for (const id of await driver.leftovers()) {
    if (running.has(id)) continue;
    await driver.undo({ id });
    log.warn({ drill: id }, 'undone what a drill had left');
  }
  for (const { id, spec } of await db.query<{ id: string; spec: DrillSpec }>(NOT_UNDONE)) {
    // The bank does not say whose faults it has: they may be those of the drill that runs now.
    if (spec.fault.type === 'bank' && running.size > 0) continue;
    await undo({ driver, bank }, { id, spec });
    await db.query(UNDONE, [id]);
    log.warn({ drill: id }, 'undone what a drill had left');
  }
}
