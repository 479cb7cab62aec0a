import type { Event } from '@orderflow/contracts/events';
import type { Transaction } from '@orderflow/service-kit/database';
import { PENDING_SIGNAL } from './write-messages.ts';

const INSERT = `
  INSERT INTO account_mails (id, event_id, template, recipient, ticket, expires_at)
  SELECT id, "eventId", template, recipient, ticket, "expiresAt"
  FROM json_to_recordset($1) AS mail(id uuid, "eventId" uuid, template text, recipient text, ticket uuid,
    "expiresAt" timestamptz)
  ON CONFLICT DO NOTHING`;

// Nobody asks for them later, and they hold addresses. A few at a time, for each that comes.
const FORGET = `
  DELETE FROM account_mails WHERE id = ANY(ARRAY(
    SELECT id FROM account_mails WHERE created_at < now() - interval '30 days' LIMIT 100))`;

/** Writes down the mails about accounts that are to be sent, and forgets those of a month ago. */
export async function writeAccountMails(
  events: Event<'account.mail-requested'>[],
  tx: Transaction,
): Promise<void> {
  const rows = events.map(({ id: eventId, subject: id, data }) => {
    const { template, email: recipient, ticket, expiresAt } = data;
    return { id, eventId, template, recipient, ticket, expiresAt };
  });
  tx.send(INSERT, [JSON.stringify(rows)]);
  tx.send(FORGET);
  tx.wakeAfterCommit(PENDING_SIGNAL);
}
