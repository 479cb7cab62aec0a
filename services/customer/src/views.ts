import { type AccessClaims, type AccountView, accessClaims, accountView } from '@orderflow/contracts/auth';
import type { CustomerView } from '@orderflow/contracts/http/accounts';
import type { Address } from '@orderflow/contracts/order';
import type { Account, Customer } from './generated/prisma/client.ts';

export type CustomerRow = Omit<Customer, 'sequence' | 'updatedAt'>;

/** A customer as the API shows it. */
export const toView = (row: CustomerRow): CustomerView => ({
  id: row.id,
  name: row.name,
  email: row.email,
  phone: row.phone,
  address: row.address as Address | null,
  guest: row.guest,
  createdAt: row.createdAt.toISOString(),
});

export type AccountRow = Pick<Account, 'id' | 'role' | 'name' | 'email' | 'customerId' | 'sellerId'>;

/** An account as the API shows it. */
export const toAccountView = ({ id, role, name, email, customerId, sellerId }: AccountRow): AccountView =>
  accountView.parse({ id, role, name, email, customerId, sellerId });

/** What its access tokens say of an account. */
export const toClaims = ({ id, role, name, email, customerId, sellerId }: AccountRow): AccessClaims =>
  accessClaims.parse({ sub: id, role, name, email, customer_id: customerId, seller_id: sellerId });
