import type { Query } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { CustomerRow } from '../views.ts';

const READ = `
  SELECT id, name, email, phone, address, guest, created_at AS "createdAt" FROM customers WHERE id = $1`;

/** A customer, as this transaction sees it too. Throws `not_found`. */
export async function readCustomer(query: Query, id: string): Promise<CustomerRow> {
  const [row] = await query<CustomerRow>(READ, [id]);
  if (row) return row;
  throw new ProblemError('not_found', `There is no customer ${id}.`);
}
