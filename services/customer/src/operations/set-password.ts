import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { endSessions } from './end-sessions.ts';
import { requestMail } from './request-mail.ts';
import { tellOfAccount } from './tell-of-account.ts';

type NewPassword = {
  accountId: string;
  email: string;
  passwordHash: string;
  how: 'changed' | 'reset';
  /** The session that goes on. */
  except?: string;
  cause: Cause;
};

const RESETS = 'DELETE FROM password_resets WHERE account_id = $1';

/**
 * Gives an account another password, ends its sessions and the codes that are under way, and tells the owner by mail: if it
 * was not them, they learn of it.
 */
export async function setPassword(
  tx: Transaction,
  { accountId, email, passwordHash, how, except, cause }: NewPassword,
): Promise<void> {
  await tellOfAccount(tx, { type: 'account.password-changed', data: { accountId, how } }, cause);
  await tx.query('UPDATE accounts SET password_hash = $2 WHERE id = $1', [accountId, passwordHash]);
  await tx.query(RESETS, [accountId]);
  await endSessions(tx.query, accountId, except);
  requestMail(tx, { template: 'password-changed', email, accountId, cause });
}
