import { newId } from '@orderflow/contracts/ids';
import type { Transaction } from '@orderflow/service-kit/database';
import { type Addressed, address, type ToldEvent, type Wish, wishesOf } from '../domain.ts';
import type { Contact } from '../templates.ts';
import { keepContacts, type Reached } from './keep-contacts.ts';

/** The address by which a guest comes to an order without an account. */
export type LinkTo = (orderId: string) => string;

/** A guest's contact, with the link for the mails about this order. */
const withLink = (orderId: string, contact: Reached | undefined, linkTo: LinkTo): Contact | undefined =>
  contact?.guest ? { ...contact, link: linkTo(orderId) } : contact;

/** Wakes the workers of this process that send. */
export const PENDING_SIGNAL = 'messages';

const INSERT = `
  INSERT INTO messages (id, event_id, order_id, channel, template, data, recipient, subject, body, status,
    correlation_id, traceparent)
  SELECT id, "eventId", "orderId", channel, template, data, recipient, subject, body,
    CASE WHEN recipient IS NULL THEN 'WAITING' ELSE 'PENDING' END, "correlationId", traceparent
  FROM json_to_recordset($1) AS message(id uuid, "eventId" uuid, "orderId" uuid, channel text, template text,
    data jsonb, recipient text, subject text, body text, "correlationId" text, traceparent text)
  ORDER BY "eventId", channel
  ON CONFLICT (event_id, channel) DO NOTHING`;

const WAITING = `
  SELECT id, order_id AS "orderId", channel, template, data FROM messages
  WHERE order_id = ANY($1::uuid[]) AND status = 'WAITING'`;

const RELEASE = `
  UPDATE messages SET recipient = addressed.recipient, subject = addressed.subject, body = addressed.body,
    data = NULL, status = 'PENDING', next_attempt_at = now()
  FROM json_to_recordset($1) AS addressed(id uuid, recipient text, subject text, body text)
  WHERE messages.id = addressed.id`;

const DROP = 'DELETE FROM messages WHERE id = ANY($1::uuid[])';

type WaitingRow = Wish & { id: string; orderId: string };

/**
 * Writes down the messages that events ask for, and releases those that waited for the contact of an order
 * which these events bring. In whatever order they come, the same messages are written.
 */
export async function writeMessages(events: ToldEvent[], tx: Transaction, linkTo: LinkTo): Promise<void> {
  const { contacts, fresh } = await keepContacts(tx, events);
  if (fresh.length > 0) await release(tx, fresh, contacts, linkTo);

  const rows = events.flatMap((event) =>
    wishesOf(event).flatMap((wish) => {
      const { orderId } = event.data;
      return messageRow(event, wish, withLink(orderId, contacts.get(orderId), linkTo)) ?? [];
    }),
  );
  if (rows.length === 0) return;
  tx.send(INSERT, [JSON.stringify(rows)]);
  tx.wakeAfterCommit(PENDING_SIGNAL);
}

/** None when the contact is known and has no such channel. */
function messageRow(event: ToldEvent, wish: Wish, contact: Contact | undefined) {
  const { channel, template, data } = wish;
  const content = contact ? address(wish, contact) : { data };
  return (
    content && {
      id: newId(),
      eventId: event.id,
      orderId: event.data.orderId,
      channel,
      template,
      ...content,
      correlationId: event.correlationid,
      traceparent: event.traceparent,
    }
  );
}

async function release(
  tx: Transaction,
  orderIds: string[],
  contacts: Map<string, Reached>,
  linkTo: LinkTo,
): Promise<void> {
  const waiting = await tx.query<WaitingRow>(WAITING, [orderIds]);
  if (waiting.length === 0) return;
  const addressed: (Addressed & { id: string })[] = [];
  const unreachable: string[] = [];
  for (const row of waiting) {
    const message = address(row, withLink(row.orderId, contacts.get(row.orderId), linkTo)!);
    if (message) addressed.push({ id: row.id, ...message });
    else unreachable.push(row.id);
  }
  tx.send(RELEASE, [JSON.stringify(addressed)]);
  if (unreachable.length > 0) tx.send(DROP, [unreachable]);
  tx.wakeAfterCommit(PENDING_SIGNAL);
}
