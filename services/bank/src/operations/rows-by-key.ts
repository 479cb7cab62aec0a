import type { Database } from '@orderflow/service-kit/database';
import { BankError } from '../bank-error.ts';
import { LEDGER_COLUMNS, type LedgerRow } from '../ledger.ts';

const BY_KEY = `SELECT ${LEDGER_COLUMNS} FROM ledger WHERE idempotency_key = ANY($1)`;

/** The rows that were recorded under these keys before. */
export async function rowsByKey(db: Database, keys: string[]): Promise<Map<string, LedgerRow>> {
  if (keys.length === 0) return new Map();
  const rows = await db.query<LedgerRow>(BY_KEY, [keys]);
  return new Map(rows.map((row) => [row.key, row]));
}

/** The row, when it was made by the same request; else why the key cannot be used again. */
export function mustBeSame(row: LedgerRow, request: Partial<LedgerRow>): LedgerRow | BankError {
  const same = Object.entries(request).every(([field, value]) => row[field as keyof LedgerRow] === value);
  if (same) return row;
  return new BankError(
    409,
    'idempotency_key_reused',
    `The key ${row.key} was used for another request; use a new key for a new request.`,
  );
}
