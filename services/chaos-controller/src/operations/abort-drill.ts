import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { type DrillRow, readDrill } from './read-drill.ts';

const ASK = `
  UPDATE drills SET abort_asked = coalesce(abort_asked, $2) WHERE id = $1 AND ended_at IS NULL RETURNING id`;

/**
 * Asks for the end of a drill; the runner undoes its fault and ends it as Aborted. The first reason stays. Throws
 * `not_found`, and `conflict` when it is over.
 */
export async function abortDrill(db: Pick<Database, 'query'>, id: string, why: string): Promise<DrillRow> {
  const [asked] = await db.query(ASK, [id, why]);
  const row = await readDrill(db, id);
  if (!row) throw new ProblemError('not_found', `There is no drill ${id}.`);
  if (!asked) {
    throw new ProblemError('conflict', `It is over already: ${row.state.phase}. There is nothing to abort.`);
  }
  return row;
}
