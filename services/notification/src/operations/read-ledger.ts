import { type LedgerSql, wordsDigest } from '@orderflow/service-kit/ledgers';
import { MAX_REJECTIONS } from '../domain.ts';

const WORDS = wordsDigest("CASE channel WHEN 'sms' THEN body ELSE subject || body END");

// Somebody may have written messages about an order without a recipient: both are walked. The primary key of recipients and
// the index of messages on (order_id, id) serve it.
const LEDGER = (page: string) => `
  WITH page AS MATERIALIZED (${page})
  SELECT order_id AS "orderId", customer_id AS "customerId", contact, coalesce((
    SELECT json_agg(json_build_object('id', id, 'eventId', event_id, 'template', template, 'channel', channel,
      'status', status, 'refused', rejections >= ${MAX_REJECTIONS},
      'recipient', recipient, 'correlationId', correlation_id, 'words', ${WORDS}) ORDER BY id)
    FROM messages WHERE messages.order_id = page.order_id), '[]') AS messages
  FROM page LEFT JOIN recipients USING (order_id) ORDER BY order_id`;

const ROWS = (which: string) => `
  (SELECT order_id FROM recipients WHERE ${which}) UNION (SELECT DISTINCT order_id FROM messages WHERE ${which})`;
const RANGE = 'order_id > $1 AND order_id <= $2 ORDER BY order_id LIMIT $3';

/** How each order's customer is reached, and every message about it, sent or not. */
export const messageLedger: LedgerSql = {
  named: LEDGER(ROWS('order_id = ANY($1::uuid[])')),
  range: LEDGER(`${ROWS(RANGE)} ORDER BY order_id LIMIT $3`),
};
