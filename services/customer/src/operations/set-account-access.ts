import type { accountAccessBody } from '@orderflow/contracts/auth';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { ListedAccountRow } from '../views.ts';
import { endSessions } from './end-sessions.ts';
import { tellOfAccount } from './tell-of-account.ts';

const LOCK = 'SELECT disabled_at IS NULL AS enabled FROM accounts WHERE id = $1 FOR UPDATE';

const SET = `
  UPDATE accounts SET disabled_at = CASE WHEN $2 THEN NULL ELSE now() END, disabled_reason = $3 WHERE id = $1`;

const READ = `
  SELECT id, role, name, email, customer_id AS "customerId", seller_id AS "sellerId", created_at AS "createdAt",
    disabled_at AS "disabledAt", disabled_reason AS "disabledReason"
  FROM accounts WHERE id = $1`;

type Access = { id: string; body: z.infer<typeof accountAccessBody>; cause: Cause };

/**
 * Disables an account or enables it again. A disabled one cannot log in, and its sessions are ended; its orders stay and go
 * on. Doing it again changes nothing. Throws `not_found`.
 */
export async function setAccountAccess(
  db: Database,
  { id, body: { enabled, reason }, cause }: Access,
): Promise<ListedAccountRow> {
  return db.transaction(async (tx) => {
    const [account] = await tx.query<{ enabled: boolean }>(LOCK, [id]);
    if (!account) throw new ProblemError('not_found', `There is no account ${id}.`);
    if (account.enabled !== enabled) {
      const data = { accountId: id, enabled, reason };
      await tellOfAccount(tx, { type: 'account.access-changed', data }, cause);
      await tx.query(SET, [id, enabled, enabled ? null : (reason ?? null)]);
      if (!enabled) await endSessions(tx.query, id);
    }
    const [row] = await tx.query<ListedAccountRow>(READ, [id]);
    return row!;
  });
}
