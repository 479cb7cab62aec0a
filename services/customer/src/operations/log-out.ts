import type { Database } from '@orderflow/service-kit/database';
import { hashOf } from '../tokens.ts';

const REVOKE = `
  UPDATE sessions SET revoked_at = coalesce(revoked_at, now())
  WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1)`;

/** Ends the session of a refresh token, used or not; of one that nobody knows there is nothing to end. */
export async function logOut(db: Database, refreshToken: string): Promise<void> {
  await db.query(REVOKE, [hashOf(refreshToken)]);
}
