import { newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import { hashOf, newToken } from '../tokens.ts';

const INSERT = `
  WITH session AS (
    INSERT INTO sessions (id, account_id, expires_at, device, user_agent, used_at)
    VALUES ($1, $2, now() + make_interval(secs => $3), $4, $5, now()) RETURNING id)
  INSERT INTO refresh_tokens (hash, session_id) SELECT $6, id FROM session`;

type Session = {
  accountId: string;
  sessionDays: number;
  /** By which the device is known already; without one it gets one. */
  deviceToken?: string;
  /** What the device calls itself. */
  userAgent: string | undefined;
};

export type Opened = { refreshToken: string; deviceToken: string };

/** Begins a session of an account; gives its first refresh token, and the token by which the device is known next time. */
export async function openSession(
  tx: Transaction,
  { accountId, sessionDays, deviceToken = newToken(), userAgent }: Session,
): Promise<Opened> {
  const refreshToken = newToken();
  const device = hashOf(deviceToken);
  const values = [newId(), accountId, sessionDays * 86_400, device, userAgent ?? null, hashOf(refreshToken)];
  await tx.query(INSERT, values);
  return { refreshToken, deviceToken };
}
