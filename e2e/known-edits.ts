import type { InvariantName } from '@orderflow/contracts/invariants';

/** The states that these edits need an order in. */
export type Ready = 'paid' | 'shipped' | 'fulfilled' | 'refunded';

/** An edit of several rows or services at once, such that their figures still agree with one another. */
export type KnownEdit = {
  name: string;
  needs: Ready;
  by: InvariantName;
  /** Statements by service; `$1` is the order. */
  statements: [service: string, statement: string][];
};

const tomorrow: KnownEdit['statements'][number] = [
  'auditor',
  "UPDATE events SET recorded_at = now() + interval '1 day' WHERE order_id = $1",
];

export const knownEdits: KnownEdit[] = [
  {
    name: 'order, payment and bank lowered together, while the lines say more',
    needs: 'paid',
    by: 'orders-match-events',
    statements: [
      ['order', 'UPDATE orders SET total = total - 1 WHERE id = $1'],
      ['payment', 'UPDATE payments SET amount = amount - 1 WHERE order_id = $1'],
      ['bank', 'UPDATE ledger SET amount = amount - 1 WHERE reference = $1'],
    ],
  },
  {
    name: 'a FULFILLED order is SHIPPED again',
    needs: 'fulfilled',
    by: 'orders-match-events',
    statements: [['order', "UPDATE orders SET status = 'SHIPPED' WHERE id = $1"]],
  },
  {
    name: 'another customer on the order, on its payment and on its messages',
    needs: 'paid',
    by: 'payments-match-events',
    statements: [
      ['order', "UPDATE orders SET customer_id = '00000000-0000-4000-8000-000000000000' WHERE id = $1"],
      [
        'payment',
        "UPDATE payments SET customer_id = '00000000-0000-4000-8000-000000000000' WHERE order_id = $1",
      ],
      [
        'notification',
        "UPDATE recipients SET customer_id = '00000000-0000-4000-8000-000000000000' WHERE order_id = $1",
      ],
    ],
  },
  {
    name: 'RESERVED and RELEASED deleted as a pair',
    needs: 'refunded',
    by: 'reservations-match-events',
    statements: [['inventory', 'DELETE FROM movements WHERE order_id = $1']],
  },
  {
    name: 'another recipient in notification and in the mailbox',
    needs: 'paid',
    by: 'messages-match-events',
    statements: [
      ['notification', "UPDATE messages SET recipient = 'eve@example.com' WHERE order_id = $1"],
      ['postbox', "UPDATE messages SET recipient = 'eve@example.com' WHERE order_id = $1"],
    ],
  },
  {
    name: 'a mail is FAILED and was never sent',
    needs: 'paid',
    by: 'messages-match-events',
    statements: [
      [
        'notification',
        "UPDATE messages SET status = 'FAILED', sent_at = NULL, rejections = 5 WHERE order_id = $1",
      ],
      ['postbox', 'DELETE FROM messages WHERE order_id = $1'],
    ],
  },
  {
    name: 'the mail of an earlier step is missing in notification and in the mailbox',
    needs: 'shipped',
    by: 'messages-match-events',
    statements: [
      ['notification', "DELETE FROM messages WHERE order_id = $1 AND template = 'order-paid'"],
      ['postbox', "DELETE FROM messages WHERE order_id = $1 AND subject LIKE '%paid'"],
    ],
  },
  {
    name: 'the SMS of an earlier step is missing in notification and in the mailbox',
    needs: 'fulfilled',
    by: 'messages-match-events',
    statements: [
      ['notification', "DELETE FROM messages WHERE order_id = $1 AND channel = 'sms'"],
      ['postbox', "DELETE FROM messages WHERE order_id = $1 AND channel = 'sms'"],
    ],
  },
  {
    name: 'a customer with an id that no service makes',
    needs: 'paid',
    by: 'orders-match-events',
    statements: [
      ['order', "UPDATE orders SET customer_id = '11111111-1111-1111-1111-111111111111' WHERE id = $1"],
    ],
  },
  {
    name: 'a time and an amount that no number says',
    needs: 'paid',
    by: 'rows-of-orders-are-readable',
    statements: [
      ['order', "UPDATE orders SET updated_at = 'infinity' WHERE id = $1"],
      ['payment', 'UPDATE payments SET amount = 9223372036854775807 WHERE order_id = $1'],
    ],
  },
  {
    name: 'items of a reservation that are no list',
    needs: 'paid',
    by: 'rows-of-orders-are-readable',
    statements: [['inventory', `UPDATE reservations SET items = '"none"' WHERE order_id = $1`]],
  },
  {
    name: 'an envelope in an outbox that is none',
    needs: 'paid',
    by: 'events-are-as-written',
    statements: [
      ['order', `UPDATE messaging.outbox SET envelope = '{"time": "x"}' WHERE envelope->>'orderid' = $1`],
    ],
  },
  {
    name: 'a recorded event of no time',
    needs: 'paid',
    by: 'orders-match-events',
    statements: [
      ['auditor', "UPDATE events SET time = 'infinity' WHERE order_id = $1 AND type = 'order.placed'"],
    ],
  },
  {
    name: 'a mail is FAILED, while its events were recorded tomorrow',
    needs: 'paid',
    by: 'messages-match-events',
    statements: [
      tomorrow,
      ['notification', "UPDATE messages SET status = 'FAILED', sent_at = NULL WHERE order_id = $1"],
    ],
  },
  {
    name: 'the words of a mail in the mailbox, while its events were recorded tomorrow',
    needs: 'paid',
    by: 'mail-arrives-as-written',
    statements: [tomorrow, ['postbox', "UPDATE messages SET text = text || 'x' WHERE order_id = $1"]],
  },
  {
    name: 'an event is missing, while the others were recorded tomorrow',
    needs: 'paid',
    by: 'events-have-no-holes',
    statements: [
      tomorrow,
      ['auditor', "DELETE FROM events WHERE order_id = $1 AND type = 'order.confirmation-requested'"],
    ],
  },
  {
    name: 'a refund at the bank is of another charge',
    needs: 'refunded',
    by: 'bank-agrees-with-payment',
    statements: [
      [
        'bank',
        `UPDATE ledger SET charge = (SELECT min(position) FROM ledger WHERE kind = 'charge' AND reference <> $1)
         WHERE reference = $1 AND kind = 'refund'`,
      ],
    ],
  },
  {
    name: 'another reference of the refund in payment',
    needs: 'refunded',
    by: 'payments-match-events',
    statements: [['payment', "UPDATE payments SET refund_reference = 're_0' WHERE order_id = $1"]],
  },
  {
    name: 'an order and all that others know of it deleted',
    needs: 'paid',
    by: 'orders-match-events',
    statements: [
      ['order', 'DELETE FROM order_items WHERE order_id = $1; DELETE FROM orders WHERE id = $1'],
      ['payment', 'DELETE FROM payments WHERE order_id = $1'],
      ['bank', 'DELETE FROM ledger WHERE reference = $1'],
      [
        'notification',
        'DELETE FROM messages WHERE order_id = $1; DELETE FROM recipients WHERE order_id = $1',
      ],
      ['postbox', 'DELETE FROM messages WHERE order_id = $1'],
    ],
  },
];
