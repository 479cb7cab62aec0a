import type { createCustomerBody } from '@orderflow/contracts/http/accounts';
import { customerIdOf } from '@orderflow/contracts/ids';
import type { Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { z } from 'zod';
import { insertCustomers } from './insert-customers.ts';

// What the guest left with an order is kept where nothing newer is given.
const TAKE_OVER = `
  UPDATE customers SET guest = false, name = $2, phone = coalesce($3, phone), address = coalesce($4, address),
    updated_at = now()
  WHERE id = $1 AND guest RETURNING id`;

/**
 * Makes a customer record, or takes over the one that an order as a guest has left; for admins, who answer for whose it
 * is. Gives its id and which it was. Throws `conflict` when there is one with this e-mail address that is no guest's.
 */
export async function registerCustomer(
  tx: Transaction,
  { body, cause }: { body: z.infer<typeof createCustomerBody>; cause: Cause },
): Promise<{ id: string; kind: 'registered' | 'taken_over' }> {
  const id = customerIdOf(body.email);
  const fresh = await insertCustomers(tx, [{ ...body, id, guest: false, cause }]);
  if (fresh.size > 0) return { id, kind: 'registered' };
  const taken = await tx.query(TAKE_OVER, [id, body.name, body.phone ?? null, body.address ?? null]);
  if (taken.length > 0) return { id, kind: 'taken_over' };
  throw new ProblemError(
    'conflict',
    'There is a customer with this e-mail address already; log in (an admin can make the account), or use another address.',
  );
}
