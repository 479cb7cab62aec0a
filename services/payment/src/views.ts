import type { PaymentView } from '@orderflow/contracts/http/payments';
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
  | 'attempts'
  | 'createdAt'
  | 'updatedAt'
> & { amount: bigint | number | null };

/** A payment as the API shows it. Of NONE there is none to show: nothing was ever owed. */
export const toView = (row: ShownRow): PaymentView => ({
  id: row.id,
  orderId: row.orderId,
  amount: { amount: Number(row.amount), currency: row.currency! },
  status: row.status as PaymentView['status'],
  providerReference: row.providerReference,
  refundReference: row.refundReference,
  declineCode: row.declineCode,
  attempts: row.attempts,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
