import type { ScheduleSpec } from '@orderflow/contracts/drills';
import type { Database } from '@orderflow/service-kit/database';
import { startDrill } from './start-drill.ts';

const SEE = `
  INSERT INTO schedules (name, fired_for) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET fired_for = schedules.fired_for RETURNING fired_for AS "firedFor"`;

/** Up to when a schedule was looked at; from `now` on when it is new. */
export const firstSeen = async (db: Database, name: string, now: Date): Promise<Date> =>
  (await db.query<{ firedFor: Date }>(SEE, [name, now]))[0]!.firedFor;

const FIRE = 'UPDATE schedules SET fired_for = $3 WHERE name = $1 AND fired_for = $2 RETURNING name';
const NOTE = 'UPDATE schedules SET last_drill = $2 WHERE name = $1';

/** Begins the drill of a due time, unless that was done: with its row, in one transaction. Gives its id. */
export const fireSchedule = (
  db: Database,
  { name, spec, suspended }: ScheduleSpec,
  { after, due }: { after: Date; due: Date },
): Promise<string | undefined> =>
  db.transaction(async (tx) => {
    const [mine] = await tx.query(FIRE, [name, after, due]);
    if (!mine || suspended) return undefined;
    const { id } = await startDrill(tx, { name, spec, startedBy: `schedule ${name}` });
    await tx.query(NOTE, [name, id]);
    tx.log.info({ schedule: name, due: due.toISOString(), drill: id }, 'a schedule began a drill');
    return id;
  });

const LAST = 'SELECT name, last_drill AS "lastDrill" FROM schedules WHERE last_drill IS NOT NULL';

export async function lastFirings(db: Database): Promise<Map<string, string>> {
  const rows = await db.query<{ name: string; lastDrill: string }>(LAST);
  return new Map(rows.map(({ name, lastDrill }) => [name, lastDrill]));
}
