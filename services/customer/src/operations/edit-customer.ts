import type { editCustomerBody } from '@orderflow/contracts/http/accounts';
import type { Database } from '@orderflow/service-kit/database';
import type { z } from 'zod';

const EDIT = `
  UPDATE customers SET name = coalesce($2, name), phone = coalesce($3, phone), address = coalesce($4, address),
    updated_at = now()
  WHERE id = $1`;

/** Changes what is given of a customer's record. Their next access token has the new name. */
export async function editCustomer(
  db: Database,
  { id, changes }: { id: string; changes: z.infer<typeof editCustomerBody> },
): Promise<void> {
  const { name, phone, address } = changes;
  await db.transaction(async (tx) => {
    await tx.query(EDIT, [id, name ?? null, phone ?? null, address ?? null]);
    if (name) await tx.query('UPDATE accounts SET name = $2 WHERE customer_id = $1', [id, name]);
  });
}
