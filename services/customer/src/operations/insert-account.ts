import type { createAccountBody } from '@orderflow/contracts/auth';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { AccountRow } from '../views.ts';

type NewAccount = {
  id: string;
  body: z.infer<typeof createAccountBody>;
  passwordHash: string;
  /** The record of a customer's account. */
  customerId?: string;
  demo?: boolean;
};

const INSERT = `
  INSERT INTO accounts (id, role, email, name, password_hash, customer_id, seller_id, demo)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (email) DO NOTHING
  RETURNING id, role, email, name, customer_id AS "customerId", seller_id AS "sellerId"`;

/** Makes an account. Throws `conflict` when there is one with its e-mail address. */
export async function insertAccount(
  tx: Transaction,
  { id, body, passwordHash, customerId, demo = false }: NewAccount,
): Promise<AccountRow> {
  const { role, email, name } = body;
  const sellerId = role === 'seller' ? body.sellerId : null;
  const [account] = await tx.query<AccountRow>(INSERT, [
    id,
    role,
    email,
    name,
    passwordHash,
    customerId ?? null,
    sellerId,
    demo,
  ]);
  if (account) return account;
  throw new ProblemError(
    'conflict',
    'There is an account with this e-mail address already; log in with it, or use another address.',
  );
}
