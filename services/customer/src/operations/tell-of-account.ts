import type { EventData } from '@orderflow/contracts/events';
import { appendToOutbox, type Cause } from '@orderflow/messaging/outbox';
import type { Transaction } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';

type AccountEvent = 'account.password-changed' | 'account.sessions-ended' | 'account.access-changed';
type News = { [T in AccountEvent]: { type: T; data: EventData<T> } }[AccountEvent];

// Locks the account, so that its events are numbered as they are committed.
const COUNT = 'UPDATE accounts SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence';

/** Writes the event that tells what was done to an account: by it the audit log has its line. Throws `not_found`. */
export async function tellOfAccount(tx: Transaction, news: News, cause: Cause): Promise<void> {
  const subject = news.data.accountId;
  const [counted] = await tx.query<{ sequence: number }>(COUNT, [subject]);
  if (!counted) throw new ProblemError('not_found', `There is no account ${subject}.`);
  appendToOutbox(tx, [{ ...news, subject, sequence: counted.sequence, cause }]);
}
