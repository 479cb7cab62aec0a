import type { listViolationsQuery } from '@orderflow/contracts/invariants';
import type { Database } from '@orderflow/service-kit/database';
import type { z } from 'zod';
import { VIOLATION, type ViolationRow } from '../read-invariants.ts';

// Ids grow with time, so this is newest first.
const LIST = `
  SELECT ${VIOLATION} FROM violations
  WHERE ($1::text IS NULL OR invariant = $1) AND ($2::uuid IS NULL OR order_id = $2)
    AND ($3::boolean IS NULL OR (ended_at IS NULL) = $3) AND ($4::uuid IS NULL OR id < $4)
  ORDER BY id DESC LIMIT $5`;

type Query = Omit<z.infer<typeof listViolationsQuery>, 'cursor'> & { before: string | undefined };

/** Violations that last and that are over, and one more than asked for, to see if there is a next page. */
export const listViolations = (db: Database, { invariant, orderId, open, before, limit }: Query) =>
  db.query<ViolationRow>(LIST, [
    invariant ?? null,
    orderId ?? null,
    open === undefined ? null : open === 'true',
    before ?? null,
    limit + 1,
  ]);
