import type { loginBody } from '@orderflow/contracts/auth';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import { isVerified } from '../domain.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import type { AccountRow } from '../views.ts';
import { type Opened, openSession } from './open-session.ts';
import { type Origin, throttleLogins } from './throttle-logins.ts';

type Login = {
  body: z.infer<typeof loginBody>;
  origin: Origin;
  userAgent: string | undefined;
  sessionDays: number;
  prisma: PrismaClient;
  passwords: Passwords;
  metrics: CustomerMetrics;
};

export type LoggedIn = { account: AccountRow } & Opened;

/**
 * Checks a password and begins a session. Throws `unauthenticated` when there is no such account or password, and
 * `rate_limited` after too many failures with this address from this
 * device or network; which of the two says nothing about the account. Throws
 * `forbidden` to who has the password of an account from before addresses were proved.
 */
export async function logIn(
  db: Database,
  { body, origin, userAgent, sessionDays, prisma, passwords, metrics }: Login,
): Promise<LoggedIn> {
  const { email, password } = body;
  const throttle = await throttleLogins(db, { email, origin, metrics });
  await throttle.refuseWhileBlocked(db.query);
  const account = await prisma.account.findUnique({ where: { email } });
  const isRight = await passwords.verify(password, account?.passwordHash);
  if (!account || !isRight) {
    await throttle.countFailure();
    metrics.logins.inc({ outcome: 'refused' });
    throw wrong();
  }
  if (!isVerified(account)) throw unverified();
  return db.transaction(async (tx) => {
    // Once more: of many guesses at the same moment, those after the failures that block are not answered.
    await throttle.refuseWhileBlocked(tx.query);
    await throttle.forget(tx.query);
    const { deviceToken } = throttle;
    const opened = await openSession(tx, { accountId: account.id, sessionDays, deviceToken, userAgent });
    tx.afterCommit(() => metrics.logins.inc({ outcome: 'success' }));
    return { account, ...opened };
  });
}

const wrong = () =>
  new ProblemError(
    'unauthenticated',
    'The e-mail address or the password is wrong, or the address is not proved yet. If you have just registered, send the code from the mail to POST /api/auth/verify-email.',
  );

const unverified = () =>
  new ProblemError(
    'forbidden',
    'Nobody has shown yet that this e-mail address is yours. Reset the password: the mail with the code shows it.',
  );
