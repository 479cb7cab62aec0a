import { isTestMethod } from '@orderflow/contracts/payment-methods';
import type { Query } from '@orderflow/service-kit/database';

/** A payment method, and the customer who is to pay with it; null where nobody knows who that is. */
export type Claim = { method: string; customerId: string | null };

// In order of id, so that two transactions wait for one another instead of deadlocking.
const CLAIM = `
  INSERT INTO payment_methods (id, customer_id)
  SELECT DISTINCT ON (method) method, "customerId"
  FROM ROWS FROM (json_to_recordset($1) AS (method text, "customerId" uuid)) WITH ORDINALITY
    AS wanted(method, "customerId", n)
  WHERE "customerId" IS NOT NULL ORDER BY method, n
  ON CONFLICT (id) DO NOTHING`;

const OWNERS = 'SELECT id, customer_id AS owner FROM payment_methods WHERE id = ANY($1)';

/**
 * Gives methods that are nobody's yet to the first customer who makes them or pays with them: the provider's own forms and
 * staff make methods without us knowing for whom. Returns whether a method is a customer's to pay with.
 */
export async function claimMethods(
  source: { query: Query },
  claims: Claim[],
): Promise<(claim: Claim) => boolean> {
  const wanted = claims.filter(({ method }) => !isTestMethod(method));
  const owners = new Map<string, string>();
  if (wanted.length > 0) {
    await source.query(CLAIM, [JSON.stringify(wanted)]);
    const rows = await source.query<{ id: string; owner: string }>(OWNERS, [
      wanted.map(({ method }) => method),
    ]);
    for (const { id, owner } of rows) owners.set(id, owner);
  }
  return ({ method, customerId }) => (owners.get(method) ?? customerId) === customerId;
}
