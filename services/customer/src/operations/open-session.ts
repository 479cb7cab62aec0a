import { newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { hashOf, newToken } from '../tokens.ts';

// Locks the account, so that none is disabled meanwhile and keeps this session.
const INSERT = `
  WITH session AS (
    INSERT INTO sessions (id, account_id, expires_at, device, user_agent, used_at)
    SELECT $1, id, now() + make_interval(secs => $3), $4, $5, now() FROM accounts
    WHERE id = $2 AND disabled_at IS NULL FOR SHARE
    RETURNING id)
  INSERT INTO refresh_tokens (hash, session_id) SELECT $6, id FROM session RETURNING hash`;

type Session = {
  accountId: string;
  sessionDays: number;
  /** By which the device is known already; without one it gets one. */
  deviceToken?: string;
  /** What the device calls itself. */
  userAgent: string | undefined;
};

export type Opened = { sessionId: string; refreshToken: string; deviceToken: string };

/**
 * Begins a session of an account; gives its first refresh token, and the token by which the device is known next time.
 * Throws `forbidden` when an admin has disabled the account.
 */
export async function openSession(
  tx: Transaction,
  { accountId, sessionDays, deviceToken = newToken(), userAgent }: Session,
): Promise<Opened> {
  const refreshToken = newToken();
  const device = hashOf(deviceToken);
  const sessionId = newId();
  const values = [
    sessionId,
    accountId,
    sessionDays * 86_400,
    device,
    userAgent ?? null,
    hashOf(refreshToken),
  ];
  const opened = await tx.query(INSERT, values);
  if (opened.length === 0)
    throw new ProblemError('forbidden', 'This account is disabled. Ask those who run the shop.');
  return { sessionId, refreshToken, deviceToken };
}
