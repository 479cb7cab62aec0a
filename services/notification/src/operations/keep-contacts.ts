import type { Transaction } from '@orderflow/service-kit/database';
import { contactOf, type ToldEvent } from '../domain.ts';
import type { Contact } from '../templates.ts';

const KNOWN = `
  SELECT order_id AS "orderId", contact, guest FROM recipients WHERE order_id = ANY($1::uuid[]) AND contact IS NOT NULL`;

// Locks the orders' rows, in their order, also where it changes nothing: see below. The first contact stays.
const KEEP = `
  INSERT INTO recipients (order_id, contact, customer_id, guest)
  SELECT * FROM json_to_recordset($1) AS heard("orderId" uuid, contact jsonb, "customerId" uuid, guest boolean)
  ORDER BY 1
  ON CONFLICT (order_id) DO UPDATE SET contact = coalesce(recipients.contact, excluded.contact),
    customer_id = coalesce(recipients.customer_id, excluded.customer_id),
    guest = coalesce(recipients.guest, excluded.guest)
  RETURNING order_id AS "orderId", contact, guest`;

type Row = { orderId: string; contact: Contact | null; guest: boolean | null };

/** How a customer is reached, and whether they are a guest. */
export type Reached = Contact & { guest: boolean };

/**
 * Keeps the contacts that these events bring. Gives those of all their orders as far as they are known, and
 * `fresh`: the orders whose contact became known just now, whose messages may be waiting for it.
 *
 * Once a contact is there, an order needs no lock. Until then its row is locked, even when nothing is known but the
 * order's id: else order.placed and order.paid, handled by two replicas at the same moment, would each not see
 * what the other wrote, and the message would wait for ever.
 */
export async function keepContacts(tx: Transaction, events: ToldEvent[]) {
  const orderIds = [...new Set(events.map((event) => event.data.orderId))];
  const known = await tx.query<Row>(KNOWN, [orderIds]);
  const contacts = new Map(known.map((row) => [row.orderId, reached(row)!]));
  const brought = new Map<string, { contact: Contact; customerId: string; guest: boolean }>();
  for (const event of events) {
    if (event.type !== 'order.placed') continue;
    const { orderId, customer, guest } = event.data;
    brought.set(orderId, { contact: contactOf(event), customerId: customer.id, guest });
  }
  const heard = orderIds.filter((orderId) => !contacts.has(orderId));
  if (heard.length === 0) return { contacts, fresh: [] };

  const rows = heard.map((orderId) => ({ orderId, ...brought.get(orderId) }));
  const kept = await tx.query<Row>(KEEP, [JSON.stringify(rows)]);
  for (const row of kept) {
    const contact = reached(row);
    if (contact) contacts.set(row.orderId, contact);
  }
  return { contacts, fresh: heard.filter((orderId) => brought.has(orderId)) };
}

const reached = ({ contact, guest }: Row): Reached | undefined =>
  contact ? { ...contact, guest: guest ?? false } : undefined;
