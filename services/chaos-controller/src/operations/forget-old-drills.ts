import type { Database } from '@orderflow/service-kit/database';

/** Few at a time: each may have thousands of orders. */
const AT_ONCE = 10;

// The last of a name stays, and the last of it that struck, which the next one is compared with; so does what a
// schedule shows, and a drill whose fault has still to be undone.
const FORGET = `
  WITH old AS (
    SELECT id FROM drills AS d
    WHERE ended_at < now() - make_interval(days => $1) AND undone
      AND EXISTS (SELECT FROM drills WHERE name = d.name AND id > d.id)
      AND (injected_at IS NULL
        OR EXISTS (SELECT FROM drills WHERE name = d.name AND id > d.id AND injected_at IS NOT NULL AND report IS NOT NULL))
      AND NOT EXISTS (SELECT FROM schedules WHERE last_drill = d.id)
    ORDER BY id LIMIT ${AT_ONCE}),
  orders AS (DELETE FROM drill_orders USING old WHERE drill_id = old.id)
  DELETE FROM drills USING old WHERE drills.id = old.id RETURNING drills.id`;

/**
 * Deletes some of the drills that ended more than so many days ago, with their orders and reports. Returns how many;
 * after 0 there are no more.
 */
export const forgetOldDrills = async (db: Database, keepDays: number): Promise<number> =>
  (await db.query(FORGET, [keepDays])).length;
