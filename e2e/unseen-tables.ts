import { shownOnly } from './edits.ts';

/** Tables whose edits nobody looks for, and why that is right. */
export const unseenTables: Record<string, string> = {
  'order.seller_settings': 'A setting of a seller for later orders. Each order carries its own.',
  'inventory.movement_sums': 'Sums that are made anew from the movements when they disagree.',
  'inventory.product_images': shownOnly,
  'payment.stripe_events':
    'It spares a second look at an event of Stripe; payments are decided by their own state.',
  'payment.payment_methods':
    'Whose a payment method is. A row that is gone is made again by the next order or payment with the method; what was charged is in the payments.',
  'bank.payment_methods': 'Cards of the simulator. What was charged to them is in its ledger.',
  'customer.customers':
    'People change them through the API without an event. Orders and messages carry their own copy, which is compared.',
  'customer.accounts': 'Who may log in. It holds no money, stock, state or message.',
  'customer.registrations': 'Who has not shown yet that an address is theirs.',
  'notification.account_mails':
    'Mails about accounts. What arrived is compared with the event that asks for it; whoever misses one asks for it again.',
  'customer.password_resets': 'Who has asked for a new password.',
  'customer.sessions': 'Who is logged in.',
  'customer.refresh_tokens': 'Who is logged in.',
  'customer.signing_keys': 'Keys of access tokens.',
  'customer.login_failures': 'Counts of failed log-ins, of the release before.',
  'customer.login_throttles': 'Counts of failed log-ins.',
  'auditor.orders':
    'Who may see a timeline, and when to look at an order again. A walk looks at each anyway.',
  'auditor.audit_log': 'What people did that no event tells of.',
  'auditor.violations': 'What was found. A row that is edited or deleted is found anew while it lasts.',
  'auditor.invariant_status': 'It is written anew by each round.',
  'auditor.invariant_progress': 'It is written anew by each round.',
  'messaging.inbox':
    'A row too few makes a repeated event harmless by the keys of the domain; one too many skips an event, whose effect is then missing and found.',
  'messaging.retry':
    'Rows in transit: an old one is named by `consumers-keep-up`, a lost one by the effect that is missing.',
  'messaging.dead_letter':
    'Each row is named by `no-dead-letters`; a lost one by the effect that is missing.',
  'messaging.discarded_letter': 'What a person gave up on, kept to be read.',
  'messaging.relay': 'The lease of who publishes; `outboxes-drain` names what stands still.',
  'messaging.catch_up':
    'How far a group has read an outbox again. Rows that are gone make it read more; an event that is skipped lacks its effect.',
  'messaging.cut_loose':
    'Which group has to catch up. An event that is skipped lacks its effect, which is found.',
  'messaging.idempotency_key': 'Answers to repeated requests.',
};
