import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import { endSessions } from './end-sessions.ts';
import { tellOfAccount } from './tell-of-account.ts';

type Ending = { accountId: string; cause: Cause };

/** Ends every session of an account, the one that asks too. */
export async function logOutEverywhere(db: Database, { accountId, cause }: Ending): Promise<void> {
  await db.transaction(async (tx) => {
    await tellOfAccount(tx, { type: 'account.sessions-ended', data: { accountId } }, cause);
    await endSessions(tx.query, accountId);
  });
}

const END = `
  UPDATE sessions SET revoked_at = now(), device = NULL WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL
  RETURNING id`;

/** Ends one session of an account. Throws `not_found` for those of others, and for what has ended. */
export async function endSession(
  db: Database,
  { accountId, sessionId, cause }: Ending & { sessionId: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tellOfAccount(tx, { type: 'account.sessions-ended', data: { accountId, sessionId } }, cause);
    const ended = await tx.query(END, [sessionId, accountId]);
    if (ended.length === 0)
      throw new ProblemError('not_found', `You have no session ${sessionId} that goes on.`);
  });
}
