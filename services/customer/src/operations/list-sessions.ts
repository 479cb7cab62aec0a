import type { Query } from '@orderflow/service-kit/database';

export type SessionRow = { id: string; userAgent: string | null; createdAt: Date; usedAt: Date | null };

const LIST = `
  SELECT id, user_agent AS "userAgent", created_at AS "createdAt", used_at AS "usedAt" FROM sessions
  WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY id DESC LIMIT 100`;

/** The sessions of an account that go on, the newest first; a hundred at most. */
export const listSessions = (query: Query, accountId: string) => query<SessionRow>(LIST, [accountId]);
