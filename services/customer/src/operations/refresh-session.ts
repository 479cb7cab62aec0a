import type { Database, Transaction } from '@orderflow/service-kit/database';
import { isVerified, type Verifiable } from '../domain.ts';
import { hashOf, newToken } from '../tokens.ts';
import type { AccountRow } from '../views.ts';

type Refusal =
  | { outcome: 'unknown' | 'expired' | 'revoked' | 'unverified' }
  | { outcome: 'reused'; sessionId: string };
type Refreshed =
  | Refusal
  | { outcome: 'success'; sessionId: string; account: AccountRow; refreshToken: string };

type SessionRow = { id: string; accountId: string; expired: boolean; revoked: boolean };

// Those who use tokens of one session come in turn, so that none slips past its revocation.
const LOCK = `
  SELECT id, account_id AS "accountId", expires_at <= now() AS expired, revoked_at IS NOT NULL AS revoked
  FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) FOR UPDATE`;

const USE = 'UPDATE refresh_tokens SET used_at = now() WHERE hash = $1 AND used_at IS NULL RETURNING hash';

const ACCOUNT = `
  SELECT id, role, email, name, customer_id AS "customerId", seller_id AS "sellerId", demo,
    email_verified_at AS "emailVerifiedAt"
  FROM accounts WHERE id = $1`;

/**
 * Uses a refresh token for the next one. A token that is used twice is in two hands, one of which is not its
 * owner's, so the session ends for both: RFC 9700, section 4.14.2.
 */
export async function refreshSession(db: Database, refreshToken: string): Promise<Refreshed> {
  const hash = hashOf(refreshToken);
  return db.transaction(async (tx) => {
    const [session] = await tx.query<SessionRow>(LOCK, [hash]);
    if (!session) return { outcome: 'unknown' };
    if (session.revoked) return { outcome: 'revoked' };
    if (session.expired) return { outcome: 'expired' };
    const [account] = await tx.query<AccountRow & Verifiable>(ACCOUNT, [session.accountId]);
    if (!isVerified(account!)) return { outcome: 'unverified' };
    const [used] = await tx.query(USE, [hash]);
    // Given back, not thrown: an error would undo the revocation.
    if (!used) return revoke(tx, session.id);
    await tx.query('UPDATE sessions SET used_at = now() WHERE id = $1', [session.id]);
    const next = newToken();
    await tx.query('INSERT INTO refresh_tokens (hash, session_id) VALUES ($1, $2)', [
      hashOf(next),
      session.id,
    ]);
    return { outcome: 'success', sessionId: session.id, account: account!, refreshToken: next };
  });
}

async function revoke(tx: Transaction, sessionId: string): Promise<Refusal> {
  // The token of the device may be stolen too.
  await tx.query('UPDATE sessions SET revoked_at = now(), device = NULL WHERE id = $1', [sessionId]);
  return { outcome: 'reused', sessionId };
}
