import type { registerBody } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import { CODE_MINUTES, CODES_PER_LIFE } from '../domain.ts';
import type { Passwords } from '../passwords.ts';
import { requestMail } from './request-mail.ts';

type Registration = {
  body: z.infer<typeof registerBody>;
  context: RequestContext;
  passwords: Passwords;
};

const KEEP = `
  INSERT INTO registrations (id, email, name, phone, password_hash, expires_at)
  SELECT $1, $2, $3, $4, $5, now() + make_interval(mins => $6)
  WHERE (SELECT count(*) FROM registrations WHERE email = $2 AND expires_at > now()) < $7
  RETURNING expires_at AS "expiresAt", (SELECT id FROM accounts WHERE email = $2) AS "accountId"`;

/**
 * Keeps a registration until its code comes back, and has the address told: by the code, or that it has an account. For
 * who registers all is the same in both cases, and when the address has got as many mails as it may.
 */
export async function requestRegistration(
  db: Database,
  { body, context, passwords }: Registration,
): Promise<void> {
  const { email, name, phone = null, password } = body;
  const passwordHash = await passwords.hash(password);
  const id = newId();
  const cause = { ...context, actor: 'guest' };
  await db.transaction(async (tx) => {
    const values = [id, email, name, phone, passwordHash, CODE_MINUTES, CODES_PER_LIFE];
    const [kept] = await tx.query<{ expiresAt: Date; accountId: string | null }>(KEEP, values);
    if (!kept) return;
    if (kept.accountId) {
      requestMail(tx, { template: 'already-registered', email, accountId: kept.accountId, cause });
    } else {
      const expiresAt = kept.expiresAt.toISOString();
      requestMail(tx, { template: 'verify-email', email, ticket: id, expiresAt, cause });
    }
  });
}
