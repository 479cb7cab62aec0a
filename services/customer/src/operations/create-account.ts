import type { createAccountBody } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database } from '@orderflow/service-kit/database';
import type { z } from 'zod';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import type { AccountRow } from '../views.ts';
import { insertAccount } from './insert-account.ts';
import { takeRecord } from './take-record.ts';

type Creation = {
  body: z.infer<typeof createAccountBody>;
  cause: Cause;
  passwords: Passwords;
  metrics: CustomerMetrics;
  /** Its password is known to everybody. */
  demo?: boolean;
};

/**
 * Makes an account of any role. As a customer's it is given the record of its address, whoever made that: the
 * admin answers for whose it is. Throws `conflict` when there is an account with this address.
 */
export async function createAccount(
  db: Database,
  { body, cause, passwords, metrics, demo }: Creation,
): Promise<AccountRow> {
  const passwordHash = await passwords.hash(body.password);
  return db.transaction(async (tx) => {
    const record = body.role === 'customer' ? await takeRecord(tx, { ...body, cause }) : undefined;
    const account = await insertAccount(tx, {
      id: newId(),
      body,
      passwordHash,
      customerId: record?.id,
      demo,
    });
    tx.afterCommit(() => {
      if (record) metrics.created.inc({ kind: record.kind });
      metrics.accounts.inc({ role: body.role });
    });
    return account;
  });
}
