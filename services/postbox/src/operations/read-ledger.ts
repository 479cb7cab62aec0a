import type { LedgerSql } from '@orderflow/service-kit/ledgers';

// A message that was delivered again is one here, as it is for its receiver; the count grows with other messages of
// the same words. An SMS has no subject: its text is what tells it from others.
const LEDGER = (page: string) => `
  WITH page AS MATERIALIZED (${page}), counted AS (
    SELECT order_id, channel, CASE channel WHEN 'sms' THEN text ELSE subject END AS subject, recipient,
      count(*) AS count
    FROM page JOIN messages USING (order_id) GROUP BY 1, 2, 3, 4)
  SELECT order_id AS "orderId", json_agg(json_build_object('channel', channel, 'subject', subject,
    'recipient', recipient, 'count', count) ORDER BY channel, subject, recipient) AS deliveries
  FROM counted GROUP BY order_id ORDER BY order_id`;

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
