import type { InvariantName } from '@orderflow/contracts/invariants';

/**
 * Every table of every service that holds money, stock, states or messages, and what the auditor makes of an edit of
 * each of its columns. A column that is not listed under `unseen` is found: by the table's own invariant, or by that
 * of `also`. `e2e/edits.test.ts` makes each of these edits, so that a new column fails it until it is listed here.
 */
export type TableEdits = {
  service: string;
  table: string;
  /** The rows of one order, or of one product, `$1`. */
  rows: string;
  about: 'order' | 'product';
  by: InvariantName;
  also?: Record<string, InvariantName>;
  /** Why it does not matter that an edit of this column is not found. */
  unseen?: Record<string, string>;
  /** Edits of less than a column that are not found: the SET clause of each, and why that does not matter. */
  unseenParts?: Record<string, { set: string; why: string }>;
  /** SQL of a lawful other value; or a whole SET clause, with a `=`. By type where it is not given. */
  values?: Record<string, string>;
  /** Who finds a row that is deleted or there twice; or why nobody does. */
  deleted: InvariantName | { unseen: string };
  /** What tells the second row from the first. */
  doubled?: { set: Record<string, string>; by: InvariantName | { unseen: string } };
};

export const shownOnly = 'It is shown to people, and nothing is decided by it.';
const ownTimes = 'A time of the row itself; what happened when is told by the events.';
const closeEnough = 'Clocks may be 5 minutes apart, and what happened when is told by the events.';
const workState = 'It paces work that is over.';

export const tables: TableEdits[] = [
  {
    service: 'order',
    table: 'orders',
    rows: 'id = $1',
    about: 'order',
    by: 'orders-match-events',
    values: {
      status: "'FULFILLED'",
      confirmation: "'seller'",
      cancel_reason: "'out_of_stock'",
      updated_at: "updated_at + interval '1 day'",
    },
    unseen: {
      reference:
        'It is the caller’s own name for the order. Without it a repeated call places another order.',
      version: 'It only tells a client that what it shows is old. Moves are decided under a lock.',
      provider_sequence: 'It only tells which of two reports of the provider is the later one.',
    },
    unseenParts: {
      '`placed_at` by less than 5 minutes': {
        set: "placed_at = placed_at - interval '4 minutes'",
        why: closeEnough,
      },
      '`updated_at` by less than 5 minutes': {
        set: "updated_at = updated_at - interval '20 s'",
        why: closeEnough,
      },
    },
    deleted: 'orders-match-events',
  },
  {
    service: 'order',
    table: 'order_items',
    rows: 'order_id = $1',
    about: 'order',
    by: 'orders-match-events',
    unseen: { search: 'It is made from name and SKU, and only lists are searched by it.' },
    deleted: 'orders-match-events',
    doubled: { set: { line: '99' }, by: 'orders-match-events' },
  },
  {
    service: 'order',
    table: 'products',
    rows: 'id = $1',
    about: 'product',
    by: 'products-match-events',
    deleted: 'products-match-events',
  },
  {
    service: 'inventory',
    table: 'products',
    rows: 'id = $1',
    about: 'product',
    by: 'products-match-events',
    values: { updated_at: "updated_at + interval '1 day'" },
    unseen: {
      description: shownOnly,
      image_url: shownOnly,
      created_at: shownOnly,
    },
    deleted: 'products-match-events',
  },
  {
    service: 'inventory',
    table: 'stock',
    rows: 'product_id = $1',
    about: 'product',
    by: 'stock-columns-match-ledger',
    also: { product_id: 'products-match-events' },
    deleted: 'products-match-events',
  },
  {
    service: 'inventory',
    table: 'movements',
    rows: 'order_id = $1',
    about: 'order',
    by: 'reservations-match-events',
    values: { kind: "'RELEASED'" },
    unseen: {
      id: 'It only sorts the history of a product.',
      note: shownOnly,
      actor: shownOnly,
      at: shownOnly,
    },
    deleted: 'reservations-match-events',
    doubled: { set: { id: 'gen_random_uuid()' }, by: 'reservations-match-events' },
  },
  {
    service: 'inventory',
    table: 'reservations',
    rows: 'order_id = $1',
    about: 'order',
    by: 'reservations-match-events',
    values: {
      status: "'RELEASED'",
      items: `'[{"productId": "00000000-0000-4000-8000-000000000000", "quantity": 1}]'`,
      updated_at: "updated_at + interval '1 day'",
    },
    unseen: { created_at: ownTimes },
    unseenParts: {
      '`updated_at` by less than 5 minutes': {
        set: "updated_at = updated_at - interval '20 s'",
        why: closeEnough,
      },
    },
    deleted: 'reservations-match-events',
  },
  {
    service: 'payment',
    table: 'payments',
    rows: 'order_id = $1',
    about: 'order',
    by: 'payments-match-events',
    values: {
      status: "'VOIDED'",
      blocked: `'{"code": "edited", "message": ""}'`,
      outside: `'{"refunded": 1, "reference": null, "dispute": null}'`,
      next_attempt_at: "now() + interval '1 day'",
      updated_at: "updated_at + interval '1 day'",
    },
    unseen: { attempts: workState, first_attempt_at: workState, created_at: ownTimes },
    unseenParts: {
      '`cause` but for its correlation id': {
        set: `cause = cause || '{"actor": "nobody", "causationId": null, "attempt": 9}'`,
        why: 'It is who or what had it charged. The event of it says so too, and is compared.',
      },
      '`updated_at` by less than 5 minutes': {
        set: "updated_at = updated_at - interval '20 s'",
        why: closeEnough,
      },
    },
    deleted: 'payments-match-events',
  },
  {
    service: 'bank',
    table: 'ledger',
    rows: "reference = $1 AND kind = 'charge'",
    about: 'order',
    by: 'bank-agrees-with-payment',
    values: {
      kind: "kind = 'refund', charge = position, payment_method = NULL",
      status: "status = 'declined', decline_code = 'card_declined'",
      payment_method: "'pm_card_mastercard'",
      reference: "'a gift'",
      charge: 'position',
    },
    unseen: { created_at: ownTimes },
    deleted: 'bank-agrees-with-payment',
    doubled: {
      set: { idempotency_key: 'gen_random_uuid()::text', position: '-position' },
      by: 'one-charge-per-order',
    },
  },
  {
    service: 'notification',
    table: 'messages',
    rows: "order_id = $1 AND template = 'order-paid'",
    about: 'order',
    by: 'messages-match-events',
    also: { subject: 'mail-arrives-as-written', body: 'mail-arrives-as-written' },
    values: { status: "status = 'FAILED', sent_at = NULL", channel: "'sms'" },
    unseen: {
      data: 'It is what a message needs while it waits for its contact, and no more afterwards.',
      attempts: workState,
      rejections: workState,
      next_attempt_at: workState,
      last_error: shownOnly,
      sent_at: ownTimes,
      created_at: ownTimes,
      traceparent: 'Traces are joined by it.',
    },
    deleted: 'messages-match-events',
    doubled: {
      set: { id: 'gen_random_uuid()', event_id: 'gen_random_uuid()' },
      by: 'one-message-per-event',
    },
  },
  {
    service: 'notification',
    table: 'recipients',
    rows: 'order_id = $1',
    about: 'order',
    by: 'messages-match-events',
    unseen: { guest: 'It says whether later mails carry a link to the order.' },
    deleted: 'messages-match-events',
  },
  {
    service: 'postbox',
    table: 'messages',
    rows: "order_id = $1 AND subject LIKE '%paid'",
    about: 'order',
    by: 'mail-arrives-as-written',
    values: { channel: "'sms'" },
    unseen: {
      id: 'It only sorts.',
      sender: 'It is the same for all, and part of the configuration.',
      deliveries: 'A mail server may hand the same message over again; its receiver sees one.',
      received_at: ownTimes,
    },
    deleted: 'mail-arrives-as-written',
    doubled: {
      set: { id: 'gen_random_uuid()', message_id: "'another'" },
      by: 'one-message-per-event',
    },
  },
  {
    service: 'order',
    table: 'messaging.outbox',
    rows: "envelope->>'orderid' = $1 AND type = 'order.paid'",
    about: 'order',
    by: 'events-are-as-written',
    also: { event_id: 'events-arrive' },
    unseen: {
      position: 'It only sorts.',
      created_at: 'It says when the row may be forgotten. Its event is recorded already.',
      published_at: 'Without it the event is published again, which inboxes make harmless.',
    },
    deleted: {
      unseen:
        'Its event is recorded already. One that was lost before that is found by the row that it tells of; not so `customer.created`, by which nothing is decided, and `account.mail-requested`: whoever misses the mail asks for it again.',
    },
    doubled: { set: {}, by: { unseen: 'The event is published again, which inboxes make harmless.' } },
  },
  {
    service: 'auditor',
    table: 'events',
    rows: "order_id = $1 AND type = 'order.paid'",
    about: 'order',
    by: 'events-are-as-written',
    also: { event_id: 'events-arrive' },
    values: { position: 'position + 1000' },
    unseen: {
      recorded_at: 'It says since when something may be under way. One that lies ahead is no reason to wait.',
      position: 'It numbers what a live stream has shown.',
    },
    deleted: 'events-arrive',
    doubled: {
      set: { event_id: 'gen_random_uuid()', position: 'position + 2000' },
      by: 'events-have-no-holes',
    },
  },
];
