import { customerIdOf } from '@orderflow/contracts/ids';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { insertCustomers } from './insert-customers.ts';

// What was left with an order is kept where nothing newer is given.
const TAKE = `
  UPDATE customers SET guest = false, name = $2, phone = coalesce($3, phone), updated_at = now() WHERE id = $1`;

type Owner = { name: string; email: string; phone?: string; cause: Cause };

/**
 * Makes the record of an address, or takes over the one that is there, whoever made it. Only for those whose address is
 * proved, or vouched for by an admin: with the record come the orders.
 */
export async function takeRecord(
  tx: Transaction,
  { name, email, phone, cause }: Owner,
): Promise<{ id: string; kind: 'registered' | 'taken_over' }> {
  const id = customerIdOf(email);
  const fresh = await insertCustomers(tx, [{ id, name, email, phone, guest: false, cause }]);
  if (fresh.size > 0) return { id, kind: 'registered' };
  await tx.query(TAKE, [id, name, phone ?? null]);
  return { id, kind: 'taken_over' };
}
