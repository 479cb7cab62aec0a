import type { createAccountBody } from '@orderflow/contracts/auth';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import type { AccountRow } from '../views.ts';

type WithoutPassword<Body> = Body extends unknown ? Omit<Body, 'password'> : never;
type NewAccountBody = WithoutPassword<z.infer<typeof createAccountBody>>;

type NewAccount = {
  id: string;
  body: NewAccountBody;
  passwordHash: string;
  /** The record of a customer's account. */
  customerId?: string;
  demo?: boolean;
};

const INSERT = `
  INSERT INTO accounts (id, role, email, name, password_hash, customer_id, seller_id, demo, email_verified_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
  ON CONFLICT (email) DO NOTHING
  RETURNING id, role, email, name, customer_id AS "customerId", seller_id AS "sellerId"`;

/** Makes an account whose address is proved, or vouched for by who makes it. Throws `conflict` when there is one with its e-mail address. */
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
