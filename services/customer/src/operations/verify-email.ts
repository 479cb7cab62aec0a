import type { verifyEmailBody } from '@orderflow/contracts/auth';
import type { Database } from '@orderflow/service-kit/database';
import { isMailCode } from '@orderflow/service-kit/mail-codes';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import { insertAccount } from './insert-account.ts';
import type { LoggedIn } from './log-in.ts';
import { openSession } from './open-session.ts';
import { takeRecord } from './take-record.ts';

type Verification = {
  body: z.infer<typeof verifyEmailBody>;
  context: RequestContext;
  userAgent: string | undefined;
  sessionDays: number;
  mailCodeSecret: string;
  passwords: Passwords;
  metrics: CustomerMetrics;
};

type RegistrationRow = { id: string; name: string; phone: string | null; passwordHash: string };

const PENDING = `
  SELECT id, name, phone, password_hash AS "passwordHash" FROM registrations
  WHERE email = $1 AND expires_at > now()`;

// All of the address: a code is good once, and those of others who registered with it are good no more.
const USE = 'DELETE FROM registrations WHERE email = $1 RETURNING id';

/**
 * Makes the account of a registration, links it to the record and the orders of its address, and logs it in. The code
 * shows that the address is theirs, and the password that they are who registered: else the owner of an address would
 * confirm the account of a stranger. Throws `unauthenticated`, and `conflict` when an admin has made an account meanwhile.
 */
export async function verifyEmail(
  db: Database,
  { body, context, userAgent, sessionDays, mailCodeSecret, passwords, metrics }: Verification,
): Promise<LoggedIn> {
  const { email, password, code } = body;
  const pending = await db.query<RegistrationRow>(PENDING, [email]);
  const registration = pending.find(({ id }) =>
    isMailCode(mailCodeSecret, code, { purpose: 'verify-email', ticket: id }),
  );
  if (!registration || !(await passwords.verify(password, registration.passwordHash))) throw refused();
  const { id, name, phone, passwordHash } = registration;
  return db.transaction(async (tx) => {
    const used = await tx.query<{ id: string }>(USE, [email]);
    if (!used.some((row) => row.id === id)) throw refused();
    const cause = { ...context, actor: `customer:${id}` };
    const record = await takeRecord(tx, { name, email, phone: phone ?? undefined, cause });
    const account = await insertAccount(tx, {
      id,
      body: { role: 'customer', name, email },
      passwordHash,
      customerId: record.id,
    });
    const opened = await openSession(tx, { accountId: id, sessionDays, userAgent });
    tx.afterCommit(() => {
      metrics.created.inc({ kind: record.kind });
      metrics.accounts.inc({ role: 'customer' });
    });
    return { account, ...opened };
  });
}

const refused = () =>
  new ProblemError(
    'unauthenticated',
    'The code or the password is wrong, or the code was used or is too old. Check both, or register again.',
  );
