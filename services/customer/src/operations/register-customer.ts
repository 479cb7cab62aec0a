import type { createCustomerBody } from '@orderflow/contracts/http';
import { customerIdOf } from '@orderflow/contracts/ids';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { RequestContext } from '@orderflow/service-kit/request-context';
import type { z } from 'zod';
import { insertCustomers } from './insert-customers.ts';

// What the guest left with an order is kept where nothing newer is given.
const TAKE_OVER = `
  UPDATE customers SET guest = false, name = $2, phone = coalesce($3, phone), address = coalesce($4, address),
    updated_at = now()
  WHERE id = $1 AND guest RETURNING id`;

/**
 * Makes a customer record, or takes over the one that an order as a guest has left. Gives its id and which it was.
 * Throws `conflict` when somebody has registered with this e-mail address.
 */
export async function registerCustomer(
  db: Database,
  { body, context }: { body: z.infer<typeof createCustomerBody>; context: RequestContext },
): Promise<{ id: string; kind: 'registered' | 'taken_over' }> {
  const id = customerIdOf(body.email);
  const cause = { ...context, actor: `customer:${id}` };
  return db.transaction(async (tx) => {
    const fresh = await insertCustomers(tx, [{ ...body, id, guest: false, cause }]);
    if (fresh.size > 0) return { id, kind: 'registered' };
    const taken = await tx.query(TAKE_OVER, [id, body.name, body.phone ?? null, body.address ?? null]);
    if (taken.length > 0) return { id, kind: 'taken_over' };
    throw new ProblemError(
      'conflict',
      'There is a customer with this e-mail address already; edit that one, or use another address.',
    );
  });
}
