import { newId } from '@orderflow/contracts/ids';
import { createBatcher } from '@orderflow/service-kit/batcher';
import type { Database } from '@orderflow/service-kit/database';

export type Delivery = {
  channel: 'email' | 'sms';
  messageId: string;
  recipient: string;
  sender: string;
  subject: string;
  text: string;
  orderId: string | null;
};

// Sorted, so that two batches with the same messages wait for one another instead of deadlocking.
const STORE = `
  INSERT INTO messages (id, channel, message_id, recipient, sender, subject, text, order_id, deliveries, received_at)
  SELECT DISTINCT ON (channel, "messageId", recipient)
    id, channel, "messageId", recipient, sender, subject, text, "orderId",
    count(*) OVER (PARTITION BY channel, "messageId", recipient), now()
  FROM json_to_recordset($1) AS delivery(id uuid, channel text, "messageId" text, recipient text, sender text,
    subject text, text text, "orderId" text)
  ORDER BY channel, "messageId", recipient
  ON CONFLICT (channel, message_id, recipient) DO UPDATE SET deliveries = messages.deliveries + excluded.deliveries`;

/**
 * Stores what was delivered, durably when the promise resolves. A message that was delivered to the same
 * recipient before is only counted, as mail stores do that suppress duplicates by Message-ID (Cyrus; Dovecot's
 * sieve extension "duplicate", RFC 7352). Deliveries that come together share one commit.
 */
export function createStore(db: Database) {
  return createBatcher<Delivery[], void>(async (inputs) => {
    const rows = inputs.flat().map((delivery) => ({ id: newId(), ...delivery }));
    await db.query(STORE, [JSON.stringify(rows)]);
    return inputs.map(() => undefined);
  });
}

export type Store = ReturnType<typeof createStore>;
