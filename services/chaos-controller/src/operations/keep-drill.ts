import type { DrillReport } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { DrillState } from '../drill-state.ts';
import type { Rules } from '../guards.ts';

const RUNNING = `
  SELECT id, state, version, abort_asked AS "abortAsked" FROM drills WHERE ended_at IS NULL ORDER BY id`;

export type RunningDrill = { id: string; state: DrillState; version: number; abortAsked: string | null };

/** Those that are not over, the oldest first. */
export const runningDrills = (db: Database): Promise<RunningDrill[]> => db.query<RunningDrill>(RUNNING);

/** How far who takes a drill over counts on: whatever the one before it still writes is older than that. */
const ERA = 100_000;
const endOfEra = (version: number) => version - (version % ERA) + ERA;

const CLAIM = `
  UPDATE drills SET version = $2 WHERE id = $1 AND version < $2 AND ended_at IS NULL RETURNING state, version`;

/**
 * Takes a drill over from whoever had it until now: nothing that is written by that one holds any more. Undefined when
 * another controller was faster.
 */
export async function claimDrill(
  db: Database,
  { id, version }: RunningDrill,
): Promise<Pick<RunningDrill, 'state' | 'version'> | undefined> {
  const next = endOfEra(version);
  return (await db.query<Pick<RunningDrill, 'state' | 'version'>>(CLAIM, [id, next]))[0];
}

const KEEP = `
  UPDATE drills SET state = $2, version = $3, phase = $4, undone = $5, report = $6,
    injected_at = to_timestamp($7::float8 / 1000), ended_at = to_timestamp($8::float8 / 1000)
  WHERE id = $1 AND version < $3 RETURNING id`;

const TAKEN_OVER = 'SELECT id FROM drills WHERE id = $1 AND version >= $2';

/**
 * Writes down what a drill is now: its phase, what is to be done, its time line and its report in one statement. Gives
 * false when another controller has taken it over.
 */
export async function keepDrill(
  db: Database,
  { drill, version, report }: { drill: DrillState; version: number; report: DrillReport | null },
): Promise<boolean> {
  const { id, phase, undone, injectedAt, endedAt } = drill;
  const reported = report && JSON.stringify(report);
  const values = [id, JSON.stringify(drill), version, phase, undone, reported, injectedAt, endedAt];
  if ((await db.query(KEEP, values)).length > 0) return true;
  // Or it was written before, and the answer to that was lost.
  return (await db.query(TAKEN_OVER, [id, endOfEra(version)])).length === 0;
}

const PREVIOUS = `
  SELECT report FROM drills
  WHERE name = $1 AND id < $2 AND injected_at IS NOT NULL AND report IS NOT NULL ORDER BY id DESC LIMIT 1`;

/** The report of the drill of the same name that struck last before this one. */
export const previousReport = async (db: Database, { name, id }: DrillState): Promise<DrillReport | null> =>
  (await db.query<{ report: DrillReport }>(PREVIOUS, [name, id]))[0]?.report ?? null;

const OTHERS = `
  SELECT
    (SELECT name FROM drills WHERE ended_at IS NULL AND id <> $1 AND (phase <> 'Pending' OR id < $1)
     ORDER BY id LIMIT 1) AS running,
    (SELECT json_build_object('name', name, 'endedAt', (extract(epoch FROM ended_at) * 1000)::float8)
     FROM drills WHERE ended_at IS NOT NULL AND injected_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1) AS last`;

/** What other drills do, or did last. Those that did nothing to the system do not count. */
export const otherDrills = async (
  db: Database,
  { id }: { id: string },
): Promise<Pick<Rules, 'running' | 'last'>> =>
  (await db.query<Pick<Rules, 'running' | 'last'>>(OTHERS, [id]))[0]!;

const FIRST_RUNNING = 'SELECT id, name FROM drills WHERE ended_at IS NULL ORDER BY id LIMIT 1';

/** The drill that is under way, if there is one. */
export const runningDrill = async (
  db: Pick<Database, 'query'>,
): Promise<{ id: string; name: string } | undefined> =>
  (await db.query<{ id: string; name: string }>(FIRST_RUNNING))[0];
