import type { Handlers } from '@orderflow/messaging/handlers';
import type { Transaction } from '@orderflow/service-kit/database';
import type { ToldEvent } from './domain.ts';
import { writeAccountMails } from './operations/write-account-mails.ts';
import { type LinkTo, writeMessages } from './operations/write-messages.ts';

/** What this service does about the events of others: the same for all of orders, so that a batch is one piece of work. */
export function createHandlers({ linkTo }: { linkTo: LinkTo }) {
  const write = (events: ToldEvent[], tx: Transaction) => writeMessages(events, tx, linkTo);
  return {
    'order.placed': write,
    'order.confirmed': write,
    'order.paid': write,
    'order.shipped': write,
    'order.fulfilled': write,
    'order.cancelled': write,
    'payment.refunded': write,
    'account.mail-requested': writeAccountMails,
  } satisfies Handlers;
}
