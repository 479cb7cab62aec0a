import type { changePasswordBody } from '@orderflow/contracts/auth';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import { setPassword } from './set-password.ts';
import { throttleLogins } from './throttle-logins.ts';

type Change = {
  accountId: string;
  /** The session that asks; all others end. */
  sessionId: string | undefined;
  body: z.infer<typeof changePasswordBody>;
  cause: Cause;
  prisma: PrismaClient;
  passwords: Passwords;
  metrics: CustomerMetrics;
};

/**
 * Changes the password of who knows the old one, and ends the other sessions. A token may be stolen, so guesses of the old
 * password are slowed down as those at the log-in are. Throws `forbidden` when it is wrong, and `rate_limited`.
 */
export async function changePassword(
  db: Database,
  { accountId, sessionId, body, cause, prisma, passwords, metrics }: Change,
): Promise<void> {
  const account = await prisma.account.findUnique({ where: { id: accountId } });
  if (!account) throw new ProblemError('not_found', 'Your account is gone.');
  const origin = { address: `session ${sessionId}` };
  const throttle = await throttleLogins(db, { email: account.email, origin, metrics });
  await throttle.refuseWhileBlocked(db.query);
  if (!(await passwords.verify(body.currentPassword, account.passwordHash))) {
    await throttle.countFailure();
    throw new ProblemError('forbidden', '"currentPassword" is not your password. Try again, or reset it.');
  }
  const passwordHash = await passwords.hash(body.newPassword);
  await db.transaction(async (tx) => {
    await throttle.refuseWhileBlocked(tx.query);
    const { email } = account;
    await setPassword(tx, { accountId, email, passwordHash, how: 'changed', except: sessionId, cause });
  });
}
