import type { EventData } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';

/** Has notification send a mail about an account, once this transaction has committed. */
export function requestMail(
  tx: Transaction,
  { cause, ...data }: EventData<'account.mail-requested'> & { cause: Cause },
): void {
  // Each mail is an aggregate of its own: who asks for one need not lock an account, and there may be none.
  appendToOutbox(tx, [{ type: 'account.mail-requested', subject: newId(), sequence: 1, data, cause }]);
}
