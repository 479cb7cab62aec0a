import type { Database } from '@orderflow/service-kit/database';
import type { ListedAccountRow } from '../views.ts';

const LIST = `
  SELECT id, role, name, email, customer_id AS "customerId", seller_id AS "sellerId", created_at AS "createdAt",
    disabled_at AS "disabledAt", disabled_reason AS "disabledReason"
  FROM accounts WHERE email > $1 ORDER BY email LIMIT $2`;

const OF_ADDRESS = LIST.replace('WHERE', 'WHERE email = $3 AND');

type Listing = { email: string | undefined; after: string | undefined; limit: number };

/** Accounts by e-mail address, those behind `after`; with `email` the one that has it. */
export const listAccounts = (
  db: Pick<Database, 'query'>,
  { email, after = '', limit }: Listing,
): Promise<ListedAccountRow[]> =>
  email === undefined
    ? db.query<ListedAccountRow>(LIST, [after, limit])
    : db.query<ListedAccountRow>(OF_ADDRESS, [after, limit, email]);
