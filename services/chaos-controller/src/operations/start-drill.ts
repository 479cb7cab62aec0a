import { startDrillBody } from '@orderflow/contracts/drills';
import { newId } from '@orderflow/contracts/ids';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { ProblemError, parseInput } from '@orderflow/service-kit/problem';
import { newDrill } from '../drill-state.ts';
import { runningDrill } from './keep-drill.ts';
import { type DrillResourceRef, type DrillRow, findDrillOfResource, readDrill } from './read-drill.ts';

export type NewDrill = {
  name: string;
  /** As somebody wrote it; what it leaves out is filled in. */
  spec: unknown;
  /** `rest by admin:ID`, `schedule nightly`, `kubernetes`. */
  startedBy: string;
  resource?: DrillResourceRef;
};

const INSERT = `
  INSERT INTO drills (id, name, phase, spec, state, started_by, resource)
  VALUES ($1, $2, 'Pending', $3, $4, $5, $6) ON CONFLICT ((resource ->> 'uid')) DO NOTHING RETURNING id`;

/**
 * Writes down that a drill is wanted; the runner does the rest, and refuses it when another is under way. A resource
 * has one drill: asked for again, it is the one that it has. Throws `invalid_request` when the spec is not one.
 */
export async function startDrill(
  db: Pick<Database, 'query'>,
  { startedBy, resource, ...asked }: NewDrill,
): Promise<DrillRow> {
  const { name, spec } = parseInput(startDrillBody, asked, 'drill');
  const id = newId();
  const state = newDrill({ id, name, spec, at: Date.now() });
  const values = [id, name, JSON.stringify(spec), JSON.stringify(state), startedBy];
  const [row] = await db.query(INSERT, [...values, resource ? JSON.stringify(resource) : null]);
  return row ? (await readDrill(db, id))! : (await findDrillOfResource(db, resource!.uid))!;
}

/** Any constant: two who ask at once come one after the other. */
const LOCK = 'SELECT pg_advisory_xact_lock(611)';

/** The same for people, who are told at once when another drill is under way. Throws `conflict` then. */
export async function startOnlyDrill(tx: Transaction, drill: NewDrill): Promise<DrillRow> {
  await tx.query(LOCK);
  const running = await runningDrill(tx);
  if (running) {
    throw new ProblemError(
      'conflict',
      `The drill ${running.name} is under way. Wait for its end, or abort it: POST /api/drills/${running.id}/abort.`,
    );
  }
  return startDrill(tx, drill);
}
