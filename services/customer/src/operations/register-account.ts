import type { registerBody } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import type { AccountRow } from '../views.ts';
import { insertAccount } from './insert-account.ts';
import { openSession } from './open-session.ts';
import { registerCustomer } from './register-customer.ts';

type Registration = {
  body: z.infer<typeof registerBody>;
  context: RequestContext;
  sessionDays: number;
  passwords: Passwords;
  metrics: CustomerMetrics;
};

/** Makes a customer's account with its record, and logs it in. Throws `conflict` when the address is taken. */
export async function registerAccount(
  db: Database,
  { body, context, sessionDays, passwords, metrics }: Registration,
): Promise<{ account: AccountRow; refreshToken: string }> {
  const { password, ...person } = body;
  const passwordHash = await passwords.hash(password);
  const id = newId();
  return db.transaction(async (tx) => {
    const cause = { ...context, actor: `customer:${id}` };
    const record = await registerCustomer(tx, { body: person, cause });
    const account = await insertAccount(tx, {
      id,
      body: { ...body, role: 'customer' },
      passwordHash,
      customerId: record.id,
    });
    const refreshToken = await openSession(tx, { accountId: id, sessionDays });
    tx.afterCommit(() => {
      metrics.created.inc({ kind: record.kind });
      metrics.accounts.inc({ role: 'customer' });
    });
    return { account, refreshToken };
  });
}
