import { minorUnits } from '@orderflow/contracts/money';
import type { Database } from '@orderflow/service-kit/database';
import { z } from 'zod';
import { BankError } from '../bank-error.ts';
import { chargePosition, LEDGER_COLUMNS, type LedgerRow } from '../ledger.ts';
import { mustBeSame, rowsByKey } from './rows-by-key.ts';

export const refundBody = z.strictObject({
  charge: z.string().min(1).max(200),
  amount: minorUnits.min(0),
  reference: z.string().min(1).max(200),
});

// The key decides first; only a row that is new takes from the charge, whose check constraint refuses too much.
const REFUND = `
  WITH refund AS (
    INSERT INTO ledger (kind, idempotency_key, status, amount, currency, charge, reference)
    SELECT 'refund', $1, 'succeeded', $3, currency, position, $4
    FROM ledger WHERE position = $2 AND kind = 'charge' AND status = 'succeeded'
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING *),
  taken AS (
    UPDATE ledger SET refunded = ledger.refunded + refund.amount
    FROM refund WHERE ledger.position = refund.charge)
  SELECT ${LEDGER_COLUMNS} FROM refund`;

/** Gives money of a charge back; the row of the ledger, new or that of the key's first time. */
export async function refund(
  db: Database,
  { charge, amount, reference, key }: z.infer<typeof refundBody> & { key: string },
): Promise<LedgerRow> {
  const position = chargePosition(charge) ?? null;
  const [fresh] = await db.query<LedgerRow>(REFUND, [key, position, amount, reference]).catch(refuseTooMuch);
  if (fresh) return fresh;
  const existing = (await rowsByKey(db, [key])).get(key);
  if (!existing) {
    throw new BankError(404, 'resource_missing', `There is no charge ${charge} that succeeded.`);
  }
  const row = mustBeSame(existing, { kind: 'refund', charge: position, amount, reference });
  if (row instanceof Error) throw row;
  return row;
}

function refuseTooMuch(error: Error & { constraint?: string }): never {
  if (error.constraint !== 'ledger_refunded_within_charge') throw error;
  throw new BankError(422, 'refund_exceeds_charge', 'More would be refunded than was charged.');
}
