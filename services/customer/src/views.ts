import {
  type AccessClaims,
  type AccountView,
  accessClaims,
  accountView,
  type ListedAccountView,
  type SessionView,
} from '@orderflow/contracts/auth';
import type { CustomerView } from '@orderflow/contracts/http/accounts';
import type { Address } from '@orderflow/contracts/order';
import type { Account, Customer } from './generated/prisma/client.ts';
import type { SessionRow } from './operations/list-sessions.ts';

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
export const toClaims = (
  { id, role, name, email, customerId, sellerId }: AccountRow,
  sessionId: string,
): AccessClaims =>
  accessClaims.parse({
    sub: id,
    role,
    name,
    email,
    customer_id: customerId,
    seller_id: sellerId,
    sid: sessionId,
  });

/** A session as its owner sees it, who asks by `current`. */
export const toSessionView = (row: SessionRow, current: string | undefined): SessionView => ({
  id: row.id,
  device: row.userAgent,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: (row.usedAt ?? row.createdAt).toISOString(),
  current: row.id === current,
});

export type ListedAccountRow = AccountRow & Pick<Account, 'createdAt' | 'disabledAt' | 'disabledReason'>;

/** An account as admins see it. */
export const toListedAccountView = (row: ListedAccountRow): ListedAccountView => ({
  ...toAccountView(row),
  createdAt: row.createdAt.toISOString(),
  disabledAt: row.disabledAt?.toISOString() ?? null,
  disabledReason: row.disabledReason,
});
