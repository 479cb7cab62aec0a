import type { PaymentView } from '@orderflow/contracts/http/payments';
import type { Payment as Decided, PaymentStatus } from './domain.ts';
import type { Payment } from './generated/prisma/client.ts';

/** What is shown of a row, as Prisma or SQL reads it. */
export type ShownRow = Pick<
  Payment,
  | 'id'
  | 'orderId'
  | 'currency'
  | 'status'
  | 'providerReference'
  | 'refundReference'
  | 'declineCode'
  | 'blocked'
  | 'outside'
  | 'attempts'
  | 'createdAt'
  | 'updatedAt'
> & { amount: bigint | number | null };

/** A payment as the API shows it. Of NONE there is none to show: nothing was ever owed. */
export function toView(row: ShownRow): PaymentView {
  const money = (amount: number) => ({ amount, currency: row.currency! });
  const { refunded, dispute } = (row.outside as Decided['outside']) ?? { refunded: 0, dispute: null };
  const problem = row.blocked as Decided['blocked'];
  return {
    id: row.id,
    orderId: row.orderId,
    amount: money(Number(row.amount)),
    status: (problem && blockedStatus[row.status]) ?? (row.status as PaymentView['status']),
    problem,
    providerReference: row.providerReference,
    refundReference: row.refundReference,
    declineCode: row.declineCode,
    refundedAtProvider: refunded > 0 ? money(refunded) : null,
    dispute: dispute && { ...dispute, amount: money(dispute.amount) },
    attempts: row.attempts,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** The states of rows that can be blocked, and how those that are blocked are called. */
const blockedStatus: Record<string, PaymentView['status'] | undefined> = {
  CHARGING: 'CHARGE_BLOCKED',
  REFUNDING: 'REFUND_BLOCKED',
};

/** Where rows of a status in a view are found. */
export const storedAs = (status: PaymentView['status']): { status: PaymentStatus; blocked?: boolean } => {
  switch (status) {
    case 'CHARGE_BLOCKED':
      return { status: 'CHARGING', blocked: true };
    case 'REFUND_BLOCKED':
      return { status: 'REFUNDING', blocked: true };
    case 'CHARGING':
    case 'REFUNDING':
      return { status, blocked: false };
    default:
      return { status };
  }
};
