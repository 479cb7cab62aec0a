import { type LedgerSql, wordsDigest } from '@orderflow/service-kit/ledgers';
import { MAX_REJECTIONS } from '../domain.ts';

const WORDS = wordsDigest("CASE channel WHEN 'sms' THEN body ELSE subject || body END");

// The primary key of recipients and the index of messages on (order_id, id) serve it.
const LEDGER = (which: string, limit: string) => `
  SELECT order_id AS "orderId", customer_id AS "customerId", contact, coalesce((
    SELECT json_agg(json_build_object('id', id, 'eventId', event_id, 'template', template, 'channel', channel,
      'status', status, 'refused', rejections >= ${MAX_REJECTIONS},
      'recipient', recipient, 'correlationId', correlation_id, 'words', ${WORDS}) ORDER BY id)
    FROM messages WHERE messages.order_id = recipients.order_id), '[]') AS messages
  FROM recipients WHERE ${which} ORDER BY order_id ${limit}`;

/** How each order's customer is reached, and every message about it, sent or not. */
export const messageLedger: LedgerSql = {
  named: LEDGER('order_id = ANY($1::uuid[])', ''),
  range: LEDGER('order_id > $1 AND order_id <= $2', 'LIMIT $3'),
};
