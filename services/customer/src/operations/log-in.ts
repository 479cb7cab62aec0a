import type { loginBody } from '@orderflow/contracts/auth';
import type { Database, Query } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import { isVerified, loginDelays } from '../domain.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import type { AccountRow } from '../views.ts';
import { openSession } from './open-session.ts';

type Login = {
  body: z.infer<typeof loginBody>;
  sessionDays: number;
  prisma: PrismaClient;
  passwords: Passwords;
  metrics: CustomerMetrics;
};

// Nobody is blocked for longer than the longest delay: who seems to be was blocked while the clock was ahead.
const BLOCKED = `
  SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::int AS seconds FROM login_failures
  WHERE email = $1 AND blocked_until > clock_timestamp()
    AND blocked_until <= clock_timestamp() + make_interval(secs => $2)`;

// A failure while the address is blocked does not count: its answer tells nothing about the password.
const COUNT_FAILURE = `
  INSERT INTO login_failures AS failure (email, failures, blocked_until, failed_at)
  VALUES ($1, 1, now() + make_interval(secs => ($2::int[])[1]), now())
  ON CONFLICT (email) DO UPDATE SET failures = failure.failures + 1, failed_at = now(),
    blocked_until = clock_timestamp()
      + make_interval(secs => ($2::int[])[least(failure.failures + 1, array_length($2::int[], 1))])
  WHERE failure.blocked_until <= clock_timestamp()
    OR failure.blocked_until > clock_timestamp() + make_interval(secs => ($2::int[])[array_length($2::int[], 1)])
  RETURNING failures`;

/**
 * Checks a password and begins a session. Throws `unauthenticated` when there is no such account or password, and
 * `rate_limited` after too many failures with this address; which of the two says nothing about the account. Throws
 * `forbidden` to who has the password of an account from before addresses were proved.
 */
export async function logIn(
  db: Database,
  { body, sessionDays, prisma, passwords, metrics }: Login,
): Promise<{ account: AccountRow; refreshToken: string }> {
  const { email, password } = body;
  await refuseWhileBlocked(db.query, email, metrics);
  const account = await prisma.account.findUnique({ where: { email } });
  const isRight = await passwords.verify(password, account?.passwordHash);
  if (!account || !isRight) return refuse(db, email, metrics);
  if (!isVerified(account)) throw unverified();
  return db.transaction(async (tx) => {
    // Once more: of many guesses at the same moment, those after the failures that block are not answered.
    await refuseWhileBlocked(tx.query, email, metrics);
    await tx.query('DELETE FROM login_failures WHERE email = $1', [email]);
    const refreshToken = await openSession(tx, { accountId: account.id, sessionDays });
    tx.afterCommit(() => metrics.logins.inc({ outcome: 'success' }));
    return { account, refreshToken };
  });
}

async function refuse(db: Database, email: string, metrics: CustomerMetrics): Promise<never> {
  const counted = await db.query(COUNT_FAILURE, [email, loginDelays]);
  if (counted.length === 0) await refuseWhileBlocked(db.query, email, metrics);
  metrics.logins.inc({ outcome: 'refused' });
  throw new ProblemError(
    'unauthenticated',
    'The e-mail address or the password is wrong, or the address is not proved yet. If you have just registered, send the code from the mail to POST /api/auth/verify-email.',
  );
}

const unverified = () =>
  new ProblemError(
    'forbidden',
    'Nobody has shown yet that this e-mail address is yours. Reset the password: the mail with the code shows it.',
  );

async function refuseWhileBlocked(query: Query, email: string, metrics: CustomerMetrics): Promise<void> {
  const [blocked] = await query<{ seconds: number }>(BLOCKED, [email, Math.max(...loginDelays)]);
  if (!blocked) return;
  metrics.logins.inc({ outcome: 'delayed' });
  throw new ProblemError(
    'rate_limited',
    `Too many logins with this address have failed. Try again in ${blocked.seconds} s.`,
    { retryAfter: blocked.seconds },
  );
}
