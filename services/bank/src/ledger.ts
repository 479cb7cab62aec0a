import { declineMessage } from './cards.ts';

/** A row of the ledger, and the answer to its idempotency key. */
export type LedgerRow = {
  position: number;
  kind: 'charge' | 'refund';
  key: string;
  status: 'succeeded' | 'declined';
  declineCode: string | null;
  amount: number;
  currency: string;
  paymentMethod: string | null;
  charge: number | null;
  reference: string;
  createdAt: Date;
};

export const LEDGER_COLUMNS = `position, kind, idempotency_key AS key, status, decline_code AS "declineCode", amount,
  currency, payment_method AS "paymentMethod", charge, reference, created_at AS "createdAt"`;

const chargeId = (position: number) => `ch_${position}`;

/** The position of a charge by its id; undefined for what is no id of a charge. */
export function chargePosition(id: string): number | undefined {
  const digits = /^ch_(\d{1,15})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export const toCharge = ({ position, status, declineCode, amount, currency }: LedgerRow) => ({
  id: chargeId(position),
  status,
  ...(declineCode && { declineCode, declineMessage: declineMessage(declineCode) }),
  amount,
  currency,
});

export const toRefund = ({ position, status, charge, amount, currency }: LedgerRow) => ({
  id: `re_${position}`,
  status,
  charge: chargeId(charge!),
  amount,
  currency,
});

/** A row as the witness tells of it, with everything that was asked. */
export const toLedgerEntry = (row: LedgerRow) => ({
  position: row.position,
  kind: row.kind,
  ...(row.kind === 'charge' ? toCharge(row) : toRefund(row)),
  paymentMethod: row.paymentMethod,
  idempotencyKey: row.key,
  reference: row.reference,
  createdAt: row.createdAt.toISOString(),
});
