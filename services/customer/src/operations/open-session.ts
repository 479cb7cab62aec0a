import { newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import { hashOf, newRefreshToken } from '../tokens.ts';

const INSERT = `
  WITH session AS (
    INSERT INTO sessions (id, account_id, expires_at)
    VALUES ($1, $2, now() + make_interval(secs => $3)) RETURNING id)
  INSERT INTO refresh_tokens (hash, session_id) SELECT $4, id FROM session`;

/** Begins a session of an account; gives its first refresh token. */
export async function openSession(
  tx: Transaction,
  { accountId, sessionDays }: { accountId: string; sessionDays: number },
): Promise<string> {
  const refreshToken = newRefreshToken();
  await tx.query(INSERT, [newId(), accountId, sessionDays * 86_400, hashOf(refreshToken)]);
  return refreshToken;
}
