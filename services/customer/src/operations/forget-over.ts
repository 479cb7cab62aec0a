import type { Database } from '@orderflow/service-kit/database';

const BATCH = 1_000;

/** A guess now and then is nobody's attack. */
const FAILURES_KEPT = "interval '1 day'";

/** Deletes what is past its time, a bounded number of rows a call. Returns how many; after 0 there are no more. */
export async function forgetOver(db: Database): Promise<number> {
  const statements = [
    `DELETE FROM refresh_tokens WHERE hash = ANY(ARRAY(
       SELECT hash FROM sessions JOIN refresh_tokens ON session_id = sessions.id
       WHERE expires_at < now() LIMIT ${BATCH})) RETURNING 1`,
    // Only once its tokens are gone: deleting those along with it would be without bound.
    `DELETE FROM sessions WHERE id = ANY(ARRAY(
       SELECT id FROM sessions WHERE expires_at < now()
         AND NOT EXISTS (SELECT FROM refresh_tokens WHERE session_id = sessions.id)
       LIMIT ${BATCH})) RETURNING 1`,
    `DELETE FROM login_failures WHERE email = ANY(ARRAY(
       SELECT email FROM login_failures WHERE failed_at < now() - ${FAILURES_KEPT} LIMIT ${BATCH})) RETURNING 1`,
    `DELETE FROM login_throttles WHERE (email, source) IN (
       SELECT email, source FROM login_throttles WHERE failed_at < now() - ${FAILURES_KEPT} LIMIT ${BATCH})
     RETURNING 1`,
    `DELETE FROM registrations WHERE id = ANY(ARRAY(
       SELECT id FROM registrations WHERE expires_at < now() LIMIT ${BATCH})) RETURNING 1`,
    `DELETE FROM password_resets WHERE id = ANY(ARRAY(
       SELECT id FROM password_resets WHERE expires_at < now() LIMIT ${BATCH})) RETURNING 1`,
    'DELETE FROM signing_keys WHERE retires_at < now() RETURNING 1',
  ];
  let forgotten = 0;
  for (const statement of statements) forgotten += (await db.query(statement)).length;
  return forgotten;
}
