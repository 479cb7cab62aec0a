import type { LedgerPage, MailEntry, MailQuery } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import { type LedgerSql, toLedgerPage, wordsDigest } from '@orderflow/service-kit/ledgers';

const WORDS = wordsDigest("CASE channel WHEN 'sms' THEN text ELSE subject || text END");

// A message that was delivered again is one row, as it is one message for its receiver.
const LEDGER = (page: string) => `
  WITH page AS MATERIALIZED (${page})
  SELECT order_id AS "orderId", json_agg(json_build_object('messageId', message_id, 'channel', channel,
    'subject', subject, 'recipient', recipient, 'words', ${WORDS}) ORDER BY id) AS deliveries
  FROM page JOIN messages USING (order_id) GROUP BY order_id ORDER BY order_id`;

const IS_AN_ID = `order_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`;

/**
 * What arrived about each order. The index on (order_id, id) serves it: in the byte order that the column has, ids
 * sort as ids do. What names no order, or names it in its own way, is left out.
 */
export const deliveryLedger: LedgerSql = {
  // By way of uuid, so that an id in capitals is found too.
  named: LEDGER('SELECT DISTINCT unnest($1::uuid[])::text AS order_id'),
  range: LEDGER(`SELECT DISTINCT order_id FROM messages WHERE order_id > $1 AND order_id <= $2 AND ${IS_AN_ID}
    ORDER BY order_id LIMIT $3`),
};

// The partial index messages_about_no_order has these rows and no others.
const MAILS = (which: string) => `
  SELECT id, message_id AS "messageId", channel, subject, recipient, received_at AS "receivedAt"
  FROM messages WHERE (${IS_AN_ID}) IS NOT TRUE AND ${which} ORDER BY id`;
const NAMED = MAILS('id = ANY($1::uuid[])');
const WALKED = `${MAILS("id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)")} LIMIT $2`;

/** Returns what arrived about no order. */
export async function readMails(db: Database, query: MailQuery): Promise<LedgerPage<MailEntry>> {
  if ('mails' in query) return { items: await db.query<MailEntry>(NAMED, [query.mails]), next: null };
  const { after, limit } = query;
  return toLedgerPage(await db.query<MailEntry>(WALKED, [after, limit + 1]), limit, ({ id }) => id);
}
