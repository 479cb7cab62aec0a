import { newId } from '@orderflow/contracts/ids';
import type { InvariantName } from '@orderflow/contracts/invariants';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { Judgement } from '../invariants/judge.ts';

// What is seen for the first time has its own id in the answer; what lasts has that of its beginning.
const SEEN = `
  INSERT INTO violations (id, invariant, subject, order_id, detail, rows)
  SELECT id, invariant, subject, "orderId", detail, rows
  FROM json_to_recordset($1) AS v(id uuid, invariant text, subject text, "orderId" uuid, detail text, rows jsonb)
  ORDER BY subject, invariant
  ON CONFLICT (subject, invariant) WHERE ended_at IS NULL
    DO UPDATE SET last_seen = now(), detail = excluded.detail, rows = excluded.rows
  RETURNING id`;

const ENDED = `
  UPDATE violations SET ended_at = now()
  WHERE ended_at IS NULL AND invariant = $1 AND subject = ANY($2::text[]) AND subject <> ALL($3::text[])
  RETURNING subject, order_id AS "orderId", began_at AS "beganAt"`;

type Ended = { subject: string; orderId: string | null; beganAt: Date };

/** Writes down what was found wrong, and ends what was looked at and is right again. */
export async function recordViolations(
  db: Database,
  { looked, violations }: Judgement,
  log: Logger,
): Promise<void> {
  const rows = violations.map((violation) => ({ ...violation, id: newId() }));
  const found = Map.groupBy(violations, ({ invariant }) => invariant);
  const ended: (Ended & { invariant: InvariantName })[] = [];
  const began = await db.transaction(async (tx) => {
    for (const [invariant, subjects] of looked) {
      const wrong = (found.get(invariant) ?? []).map(({ subject }) => subject);
      const over = await tx.query<Ended>(ENDED, [invariant, subjects, wrong]);
      ended.push(...over.map((row) => ({ ...row, invariant })));
    }
    if (rows.length === 0) return new Set<string>();
    const seen = await tx.query<{ id: string }>(SEEN, [JSON.stringify(rows)]);
    return new Set(seen.map(({ id }) => id));
  });
  // Without its detail, which may hold an address: the API shows it to admins.
  for (const { id, invariant, subject, orderId } of rows) {
    if (began.has(id)) log.warn({ invariant, subject, orderId }, 'an invariant is broken');
  }
  for (const { invariant, subject, orderId, beganAt } of ended) {
    log.info({ invariant, subject, orderId, beganAt }, 'an invariant holds again');
  }
}

export type OpenViolation = { invariant: InvariantName; subject: string; orderId: string | null };

// Those that were looked at longest ago first: when there are too many for one round, all have their turn.
const OPEN = `
  SELECT invariant, subject, order_id AS "orderId" FROM violations WHERE ended_at IS NULL AND invariant = ANY($1::text[])
  ORDER BY last_seen LIMIT $2`;

/** Violations of these invariants that last. */
export const openViolations = (db: Database, names: string[], limit: number): Promise<OpenViolation[]> =>
  db.query<OpenViolation>(OPEN, [names, limit]);

const LASTING = `
  SELECT invariant || ' ' || subject AS name, began_at AS "beganAt" FROM violations
  WHERE ended_at IS NULL AND subject = ANY($1::text[])`;

/** When those that are known to last began, by invariant and subject. */
export async function lastingSince(db: Database, found: { subject: string }[]): Promise<Map<string, Date>> {
  const subjects = found.map(({ subject }) => subject);
  const rows = await db.query<{ name: string; beganAt: Date }>(LASTING, [subjects]);
  return new Map(rows.map(({ name, beganAt }) => [name, beganAt]));
}
