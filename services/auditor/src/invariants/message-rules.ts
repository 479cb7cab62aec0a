import { differences } from './expected/compare.ts';
import { type Finding, never, underWay } from './finding.ts';
import { changesOf, type Mail, type OrderBooks } from './things.ts';

/** An event is told of once in each channel, and arrives once. */
export function oneMessagePerEvent({ messages, deliveries }: OrderBooks): Finding[] {
  const written = messages?.messages ?? [];
  const perEvent = Map.groupBy(written, ({ eventId, channel }) => `${channel} about event ${eventId}`);
  // An order passes each of its states once, so it has one message of a template too.
  const perTemplate = Map.groupBy(written, ({ template, channel }) => `${channel} ${template}`);
  const perWords = Map.groupBy(
    deliveries?.deliveries ?? [],
    // An SMS has no subject: its words are what tells it from others.
    ({ channel, subject, recipient, words }) =>
      `${channel === 'sms' ? `SMS of digest ${words}` : `"${subject}"`} to ${recipient}`,
  );
  return [
    ...[...perEvent, ...perTemplate]
      .filter(([, { length }]) => length > 1)
      .flatMap(([what, { length }]) => never(`There are ${length} messages: ${what}.`)),
    ...[...perWords]
      .filter(([, { length }]) => length > 1)
      .flatMap(([what, { length }]) => never(`${what} arrived ${length} times.`)),
  ];
}

/** The message that a customer gets about an order that rests where it is. */
function dueTemplates({ orders: order, payments: payment }: OrderBooks): string[] {
  const templates: string[] = payment && payment.refunded > 0 ? ['payment-refunded'] : [];
  switch (order?.status) {
    case undefined:
      return templates;
    case 'PENDING':
      return order!.awaitsSeller ? ['order-placed', ...templates] : templates;
    case 'CONFIRMED':
      // With a payment method it is paid or cancelled at once, and told of then.
      return order!.chargedAtOnce ? templates : ['order-confirmed', ...templates];
    case 'PAID':
    case 'SHIPPED':
    case 'FULFILLED':
    case 'CANCELLED':
      return [`order-${order!.status.toLowerCase()}`, ...templates];
    default:
      return order!.status satisfies never;
  }
}

/** What a customer is to hear is written, sent, and has arrived; a mailbox may refuse it for good. */
export function customersAreTold(books: OrderBooks): Finding[] {
  const { orders: order, messages, deliveries } = books;
  if (!order) return [];
  const since = changesOf(books);
  const written = messages?.messages ?? [];
  const missing = dueTemplates(books).filter((due) => !written.some(({ template }) => template === due));
  const unsent = written.filter(({ status }) => status === 'WAITING' || status === 'PENDING');
  const sent = written.filter(({ status }) => status === 'SENT').length;
  const arrived = deliveries?.deliveries.length;
  return [
    ...missing.flatMap((due) => underWay(`It is ${order.status}, but no message ${due} was written.`, since)),
    ...unsent.flatMap(({ template, status }) => underWay(`The message ${template} is ${status}.`, since)),
    ...(arrived !== undefined && arrived < sent
      ? underWay(`${sent} messages were sent, and ${arrived} arrived.`, since)
      : []),
  ];
}

/** What arrived is what was written: each message that was sent, by its own id, to its recipient, with its words. */
export function mailArrivesAsWritten(books: OrderBooks): Finding[] {
  if (!books.deliveries) return [];
  const since = [...changesOf(books), books['recorded events']?.recordedAt ?? 0];
  const arrived = new Map(books.deliveries.deliveries.map((delivery) => [delivery.messageId, delivery]));
  const wrong = (books.messages?.messages ?? []).flatMap(
    ({ id, channel, recipient, words, status, template }) => {
      const messageId = channel === 'email' ? `<${id}@orderflow>` : id;
      const delivery = arrived.get(messageId);
      arrived.delete(messageId);
      if (!delivery)
        return status === 'SENT' ? [`The message ${template} was sent, and did not arrive.`] : [];
      // Mailboxes do not tell upper from lower case.
      const asWritten = {
        channel,
        words,
        recipient: channel === 'email' ? recipient?.toLowerCase() : recipient,
      };
      return differences(asWritten, delivery).map(
        (detail) =>
          `Of the message ${template} that arrived, ${detail.replace('its events say', 'it was sent with')}`,
      );
    },
  );
  const unknown = [...arrived.values()].map(
    ({ channel, subject }) => `A message by ${channel} arrived that nobody wrote: "${subject}".`,
  );
  return [...wrong, ...unknown].flatMap((detail) => underWay(detail, since));
}

/** What arrives about no order is a mail about an account, and an event asks for it at this address. */
export function mailWasAskedFor(mail: Mail): Finding[] {
  const { channel, subject, recipient, receivedAt, isThere, askedFor } = mail;
  if (!isThere) return [];
  const since = [Date.parse(receivedAt ?? '')];
  if (askedFor === null || channel !== 'email') {
    return underWay(
      `A message by ${channel} to ${recipient} arrived that nobody wrote: "${subject}".`,
      since,
    );
  }
  return askedFor.toLowerCase() === recipient.toLowerCase()
    ? []
    : underWay(`"${subject}" arrived at ${recipient}, and an event asks for it at ${askedFor}.`, since);
}
