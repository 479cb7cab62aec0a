import type { Handlers } from '@orderflow/messaging/handlers';
import { writeAccountMails } from './operations/write-account-mails.ts';
import { writeMessages } from './operations/write-messages.ts';

/** What this service does about the events of others: the same for all of orders, so that a batch is one piece of work. */
export const handlers = {
  'order.placed': writeMessages,
  'order.confirmed': writeMessages,
  'order.paid': writeMessages,
  'order.shipped': writeMessages,
  'order.fulfilled': writeMessages,
  'order.cancelled': writeMessages,
  'payment.refunded': writeMessages,
  'account.mail-requested': writeAccountMails,
} satisfies Handlers;
