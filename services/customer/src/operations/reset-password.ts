import type { requestPasswordResetBody, resetPasswordBody } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import { isMailCode } from '@orderflow/service-kit/mail-codes';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import { CODE_MINUTES, CODES_PER_LIFE } from '../domain.ts';
import type { Passwords } from '../passwords.ts';
import { requestMail } from './request-mail.ts';
import { setPassword } from './set-password.ts';

const KEEP = `
  INSERT INTO password_resets (id, email, account_id, expires_at)
  SELECT $1, $2, (SELECT id FROM accounts WHERE email = $2 AND disabled_at IS NULL), now() + make_interval(mins => $3)
  WHERE (SELECT count(*) FROM password_resets WHERE email = $2 AND expires_at > now()) < $4
  RETURNING account_id AS "accountId", expires_at AS "expiresAt"`;

/** Has a code sent to the address of an account. For who asks all is the same whether or not there is one. */
export async function requestPasswordReset(
  db: Database,
  { body: { email }, context }: { body: z.infer<typeof requestPasswordResetBody>; context: RequestContext },
): Promise<void> {
  const ticket = newId();
  await db.transaction(async (tx) => {
    const values = [ticket, email, CODE_MINUTES, CODES_PER_LIFE];
    const [kept] = await tx.query<{ accountId: string | null; expiresAt: Date }>(KEEP, values);
    if (!kept?.accountId) return;
    const expiresAt = kept.expiresAt.toISOString();
    const cause = { ...context, actor: 'guest' };
    requestMail(tx, {
      template: 'reset-password',
      email,
      accountId: kept.accountId,
      ticket,
      expiresAt,
      cause,
    });
  });
}

type Reset = {
  body: z.infer<typeof resetPasswordBody>;
  context: RequestContext;
  mailCodeSecret: string;
  passwords: Passwords;
};

type ResetRow = { id: string; accountId: string; role: string };

const PENDING = `
  SELECT password_resets.id, account_id AS "accountId", role FROM password_resets
  JOIN accounts ON accounts.id = account_id
  WHERE password_resets.email = $1 AND accounts.email = $1 AND disabled_at IS NULL AND expires_at > now()`;

const USE = 'DELETE FROM password_resets WHERE id = $1 RETURNING id';

// The code came to the address. Who was made to wait by guesses is not made to wait with the new password.
const PROVE = 'UPDATE accounts SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = $1';
const FORGIVE = 'DELETE FROM login_throttles WHERE email = $1';

/**
 * Sets a password with the code from a mail, which is good once; ends all sessions. It shows as well that the address is
 * the owner's. Throws `unauthenticated`.
 */
export async function resetPassword(
  db: Database,
  { body: { email, code, password }, context, mailCodeSecret, passwords }: Reset,
): Promise<void> {
  const pending = await db.query<ResetRow>(PENDING, [email]);
  const reset = pending.find(({ id }) =>
    isMailCode(mailCodeSecret, code, { purpose: 'reset-password', ticket: id }),
  );
  if (!reset) throw refused();
  const { id, accountId, role } = reset;
  const passwordHash = await passwords.hash(password);
  await db.transaction(async (tx) => {
    if ((await tx.query(USE, [id])).length === 0) throw refused();
    const cause = { ...context, actor: `${role}:${accountId}` };
    await setPassword(tx, { accountId, email, passwordHash, how: 'reset', cause });
    await tx.query(PROVE, [accountId]);
    await tx.query(FORGIVE, [email]);
  });
}

const refused = () =>
  new ProblemError(
    'unauthenticated',
    'The code is wrong, was used, or is too old. Check it, or ask for another.',
  );
