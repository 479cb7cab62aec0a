import type { Database } from '@orderflow/service-kit/database';
import { z } from 'zod';

const id = z.guid().nullable().catch(null);
const count = z.int().min(0).catch(0);

/**
 * How far each walk is; null is its beginning. Walks that came to their end begin again, and so does one whose place
 * nobody can read.
 */
const cursors = z.object({
  orders: id,
  stock: id,
  /** Walks through the stock so far: now and then one sums every movement. */
  stockLaps: count,
  subjects: z.object({ source: z.string(), subject: z.string() }).nullable().catch(null),
  /** Until when news of subjects that are no orders were looked at, in epoch milliseconds. */
  newsUntil: count,
  /** Of each producer's outbox: after which event the newest are, and where the walk through all is. */
  events: z.record(z.string(), z.object({ head: id, walk: id })).catch({}),
  mails: id,
  /** How many rounds in a row have put the long walks off. */
  putOff: count,
});
export type Cursors = z.infer<typeof cursors>;

const begin = cursors.parse({});

// A holder that was frozen loses its turn by the clock of Postgres, which a lock of its session would not take away.
// Nobody has it for longer than `leaseMs`: a lease that ends later was taken while that clock was ahead.
const TAKE = `
  UPDATE invariant_progress SET holder = $1, lease_until = now() + $2 * interval '1 millisecond'
  WHERE holder = $1 OR lease_until < now() OR lease_until > now() + 2 * $2 * interval '1 millisecond'
  RETURNING cursors`;

const GIVE_BACK = `
  UPDATE invariant_progress SET lease_until = '-infinity' WHERE holder = $1`;

const FINISH = `
  UPDATE invariant_progress SET cursors = $2, orders_checked = orders_checked + $3,
    swept_at = CASE WHEN $4::boolean THEN now() ELSE swept_at END, round_ended_at = now(), round_seconds = $5
  WHERE holder = $1 RETURNING id`;

const STATUSES = `
  INSERT INTO invariant_status AS was (name, status, reason, since, checked_at)
  SELECT name, CASE WHEN reason IS NOT NULL THEN 'unknown'
      WHEN EXISTS (SELECT FROM violations WHERE invariant = name AND ended_at IS NULL) THEN 'broken'
      ELSE 'holds' END,
    reason, now(), CASE WHEN reason IS NULL THEN now() END
  FROM json_to_recordset($1) AS round(name text, reason text)
  ON CONFLICT (name) DO UPDATE SET status = excluded.status, reason = excluded.reason,
    checked_at = coalesce(excluded.checked_at, was.checked_at),
    since = CASE WHEN was.status = excluded.status THEN was.since ELSE excluded.since END`;

const FORGET = 'DELETE FROM invariant_status WHERE name <> ALL($1::text[])';

/** Takes or keeps the turn, so that of all replicas one checks at a time. Undefined while another has it. */
export async function takeTurn(
  db: Database,
  instance: string,
  leaseMs: number,
): Promise<Cursors | undefined> {
  const [row] = await db.query<{ cursors: unknown }>(TAKE, [instance, leaseMs]);
  return row && (cursors.safeParse(row.cursors).data ?? begin);
}

export async function giveTurnBack(db: Database, instance: string): Promise<void> {
  await db.query(GIVE_BACK, [instance]);
}

export type RoundResult = {
  instance: string;
  cursors: Cursors;
  orders: number;
  /** The walk through all orders came to its end. */
  swept: boolean;
  seconds: number;
  /** Of each invariant, why it is unknown; null when all was read. */
  reasons: { name: string; reason: string | null }[];
};

/** Writes down how a round ended, unless the turn was lost in it. */
export async function finishRound(db: Database, result: RoundResult): Promise<void> {
  const { instance, cursors, orders, swept, seconds, reasons } = result;
  await db.transaction(async (tx) => {
    const mine = await tx.query(FINISH, [instance, cursors, orders, swept, seconds]);
    if (mine.length === 0) return;
    await tx.query(STATUSES, [JSON.stringify(reasons)]);
    await tx.query(FORGET, [reasons.map(({ name }) => name)]);
  });
}
