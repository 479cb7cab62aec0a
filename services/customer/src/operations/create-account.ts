import type { createAccountBody } from '@orderflow/contracts/auth';
import { customerIdOf, newId } from '@orderflow/contracts/ids';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import type { z } from 'zod';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import type { AccountRow } from '../views.ts';
import { insertAccount } from './insert-account.ts';
import { insertCustomers } from './insert-customers.ts';

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
    const customerId = body.role === 'customer' ? await recordOf(tx, body, cause, metrics) : undefined;
    const account = await insertAccount(tx, { id: newId(), body, passwordHash, customerId, demo });
    tx.afterCommit(() => metrics.accounts.inc({ role: body.role }));
    return account;
  });
}

type CustomerBody = Extract<Creation['body'], { role: 'customer' }>;

async function recordOf(
  tx: Transaction,
  { name, email, phone }: CustomerBody,
  cause: Cause,
  metrics: CustomerMetrics,
): Promise<string> {
  const id = customerIdOf(email);
  const fresh = await insertCustomers(tx, [{ id, name, email, phone, guest: false, cause }]);
  if (fresh.size === 0) {
    await tx.query(
      'UPDATE customers SET guest = false, name = $2, phone = coalesce($3, phone), updated_at = now() WHERE id = $1',
      [id, name, phone ?? null],
    );
  }
  tx.afterCommit(() => metrics.created.inc({ kind: 'registered' }, fresh.size));
  return id;
}
