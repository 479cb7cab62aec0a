import type { Address } from '@orderflow/contracts/order';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';

export type NewCustomer = {
  id: string;
  name: string;
  email: string;
  phone?: string;
  address?: Address;
  guest: boolean;
  /** The order that it was made from. */
  orderId?: string;
  cause: Cause;
};

// In order of id, so that two batches with the same customers wait for one another instead of deadlocking.
const INSERT = `
  INSERT INTO customers (id, name, email, phone, address, guest, sequence)
  SELECT id, name, email, phone, address, guest, 1
  FROM json_to_recordset($1) AS customer(id uuid, name text, email text, phone text, address jsonb, guest boolean)
  ORDER BY id
  ON CONFLICT DO NOTHING RETURNING id`;

/**
 * Makes the records that are not there yet, each with its event; what is there stays as it is.
 * Gives the ids of the new ones. The customers must differ in id.
 */
export async function insertCustomers(tx: Transaction, customers: NewCustomer[]): Promise<Set<string>> {
  const rows = customers.map(({ id, name, email, phone, address, guest }) => ({
    id,
    name,
    email: email.trim().toLowerCase(),
    phone,
    address,
    guest,
  }));
  const inserted = await tx.query<{ id: string }>(INSERT, [JSON.stringify(rows)]);
  const fresh = new Set(inserted.map(({ id }) => id));
  appendToOutbox(
    tx,
    customers
      .filter(({ id }) => fresh.has(id))
      .map(({ id, name, guest, orderId, cause }) => ({
        type: 'customer.created',
        subject: id,
        sequence: 1,
        orderId,
        data: { customerId: id, name, guest },
        cause,
      })),
  );
  return fresh;
}
