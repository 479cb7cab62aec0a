import type { Query } from '@orderflow/service-kit/database';

const END = `
  UPDATE sessions SET revoked_at = now(), device = NULL
  WHERE account_id = $1 AND id IS DISTINCT FROM $2 AND (revoked_at IS NULL OR device IS NOT NULL)`;

/** Ends the sessions of an account, but for `except`. Their devices are known no more: one of them may be a thief's. */
export const endSessions = (query: Query, accountId: string, except?: string) =>
  query(END, [accountId, except ?? null]);
