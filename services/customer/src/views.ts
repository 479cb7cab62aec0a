import type { CustomerView } from '@orderflow/contracts/http';
import type { Address } from '@orderflow/contracts/order';
import type { Customer } from './generated/prisma/client.ts';

/** A customer as the API shows it. */
export const toView = (row: Customer): CustomerView => ({
  id: row.id,
  name: row.name,
  email: row.email,
  phone: row.phone,
  address: row.address as Address | null,
  guest: row.guest,
  createdAt: row.createdAt.toISOString(),
});
