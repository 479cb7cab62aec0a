import type { DrillReport, DrillView } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import type { DrillState } from '../drill-state.ts';

/** The Drill of Kubernetes that a drill is of. */
export type DrillResourceRef = { uid: string; namespace: string; generation: number };

export type DrillRow = {
  id: string;
  state: DrillState;
  version: number;
  startedBy: string;
  resource: DrillResourceRef | null;
  abortAsked: string | null;
  report: DrillReport | null;
  /** As they are written down; a moment behind. */
  orders: DrillView['orders'];
};

const COLUMNS = `
  id, state, version, started_by AS "startedBy", resource, abort_asked AS "abortAsked", report,
  (SELECT json_build_object('asked', count(*), 'accepted', count(accepted_at),
     'ended', count(*) FILTER (WHERE accepted_at IS NOT NULL AND drill_orders.ended_at IS NOT NULL))
   FROM drill_orders WHERE drill_id = drills.id) AS orders`;

const ONE = `SELECT ${COLUMNS} FROM drills WHERE id = $1`;
const OF_RESOURCE = `SELECT ${COLUMNS} FROM drills WHERE resource ->> 'uid' = $1`;
const PAGE = `
  SELECT ${COLUMNS} FROM drills
  WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR name = $2)
  ORDER BY id DESC LIMIT $3`;

type Db = Pick<Database, 'query'>;

export const readDrill = async (db: Db, id: string): Promise<DrillRow | undefined> =>
  (await db.query<DrillRow>(ONE, [id]))[0];

/** The drill that a Drill of Kubernetes with this uid began. */
export const findDrillOfResource = async (db: Db, uid: string): Promise<DrillRow | undefined> =>
  (await db.query<DrillRow>(OF_RESOURCE, [uid]))[0];

/** Newest first, those before an id. */
export const listDrills = (
  db: Db,
  { before, name, limit }: { before: string | undefined; name: string | undefined; limit: number },
): Promise<DrillRow[]> => db.query<DrillRow>(PAGE, [before ?? null, name ?? null, limit]);
