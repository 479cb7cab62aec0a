import type { createAccountBody } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { CustomerMetrics } from '../metrics.ts';
import type { Passwords } from '../passwords.ts';
import { createAccount } from './create-account.ts';

/** Everybody may know these. The seller is the one of the demo data who confirms orders by hand. */
const demoAccounts: z.infer<typeof createAccountBody>[] = [
  { role: 'customer', name: 'Demo Customer', email: 'user@orderflow.io', password: 'User1234!' },
  {
    role: 'seller',
    name: 'Demo Seller',
    email: 'seller@orderflow.io',
    password: 'Seller123!',
    sellerId: 'seller@orderflow.io',
  },
  { role: 'admin', name: 'Demo Admin', email: 'admin@orderflow.io', password: 'Admin123!' },
];

type Options = { passwords: Passwords; metrics: CustomerMetrics; log: Logger };

/** Makes the demo accounts that are not there yet, and says loudly that they are. */
export async function makeDemoAccounts(db: Database, { passwords, metrics, log }: Options): Promise<void> {
  const emails = demoAccounts.map(({ email }) => email);
  const there = await db.query<{ email: string }>('SELECT email FROM accounts WHERE email = ANY($1)', [
    emails,
  ]);
  const cause = { correlationId: newId(), actor: 'system:customer' };
  for (const body of demoAccounts) {
    if (there.some(({ email }) => email === body.email)) continue;
    await createAccount(db, { body, cause, passwords, metrics, demo: true }).catch((error) => {
      // Another replica has started at the same moment.
      if (!(error instanceof ProblemError && error.code === 'conflict')) throw error;
    });
  }
  log.warn({ emails }, 'DEMO MODE: these accounts have passwords that everybody knows. Never in production!');
}

/** Removes the demo accounts that an earlier start in demo mode has made, and ends their sessions. */
export async function removeDemoAccounts(db: Database, { log }: { log: Logger }): Promise<void> {
  const removed = await db.query<{ email: string }>('DELETE FROM accounts WHERE demo RETURNING email');
  if (removed.length > 0)
    log.warn({ emails: removed.map(({ email }) => email) }, 'demo accounts of an earlier start are removed');
}
