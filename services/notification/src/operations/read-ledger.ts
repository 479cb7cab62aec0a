import type { LedgerSql } from '@orderflow/service-kit/ledgers';

// Grouped along the index on (order_id, id), which gives the orders in their order: the limit ends the walk.
const LEDGER = (which: string, limit: string) => `
  SELECT order_id AS "orderId", json_agg(json_build_object('id', id, 'eventId', event_id, 'template', template,
    'channel', channel, 'status', status) ORDER BY id) AS messages
  FROM messages WHERE ${which} GROUP BY order_id ORDER BY order_id ${limit}`;

/** Every message about an order, sent or not. */
export const messageLedger: LedgerSql = {
  named: LEDGER('order_id = ANY($1::uuid[])', ''),
  range: LEDGER('order_id > $1 AND order_id <= $2', 'LIMIT $3'),
};
