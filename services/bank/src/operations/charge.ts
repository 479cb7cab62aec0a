import { currency, minorUnits } from '@orderflow/contracts/money';
import { paymentMethod } from '@orderflow/contracts/order';
import type { Database } from '@orderflow/service-kit/database';
import { z } from 'zod';
import { BankError } from '../bank-error.ts';
import { LEDGER_COLUMNS, type LedgerRow } from '../ledger.ts';
import { mustBeSame, rowsByKey } from './rows-by-key.ts';

export const chargeBody = z.strictObject({
  amount: minorUnits.min(0),
  currency,
  paymentMethod,
  reference: z.string().min(1).max(200),
});

export type Charge = z.infer<typeof chargeBody> & {
  key: string;
  /** Declined for this reason although the method is good. */
  declineCode: string | null;
};

// In order of key, so that batches with the same keys wait for one another instead of deadlocking.
const INSERT = `
  INSERT INTO ledger (kind, idempotency_key, status, decline_code, amount, currency, payment_method, reference)
  SELECT 'charge', key, CASE WHEN decline IS NULL THEN 'succeeded' ELSE 'declined' END, decline, amount, currency,
    "paymentMethod", reference
  FROM json_to_recordset($1) AS wanted(key text, amount bigint, currency text, "paymentMethod" text, reference text,
    "declineCode" text)
  JOIN payment_methods AS method ON method.id = wanted."paymentMethod",
  LATERAL (SELECT coalesce(method.decline_code, wanted."declineCode") AS decline) AS outcome
  ORDER BY key
  ON CONFLICT (idempotency_key) DO NOTHING
  RETURNING ${LEDGER_COLUMNS}`;

/**
 * Charges, many in one statement. Gives for each its row of the ledger: a new one, or that of its key's first
 * time; or why it is refused.
 */
export async function chargeAll(db: Database, charges: Charge[]): Promise<(LedgerRow | Error)[]> {
  const inserted = await db.query<LedgerRow>(INSERT, [JSON.stringify(charges)]);
  const fresh = new Map(inserted.map((row) => [row.key, row]));
  const existing = await rowsByKey(
    db,
    charges.filter(({ key }) => !fresh.has(key)).map(({ key }) => key),
  );
  return charges.map((charge) => {
    // A row can be new and somebody else's: two calls with one key in one batch.
    const row = fresh.get(charge.key) ?? existing.get(charge.key);
    if (!row) {
      return new BankError(404, 'resource_missing', `There is no payment method ${charge.paymentMethod}.`);
    }
    return mustBeSame(row, {
      kind: 'charge',
      amount: charge.amount,
      currency: charge.currency,
      paymentMethod: charge.paymentMethod,
      reference: charge.reference,
    });
  });
}
