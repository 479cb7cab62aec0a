import type { Envelope } from '@orderflow/contracts/envelope';
import type { Transaction } from '@orderflow/service-kit/database';

// The envelopes go in as they are: their attributes are the columns of the record. In order of id, so that two
// replicas with the same events wait for one another instead of deadlocking.
const INSERT = `
  INSERT INTO events (event_id, type, source, subject, sequence, order_id, correlation_id, causation_id, actor,
    attempt, traceparent, time, data)
  SELECT id, type, source, subject, sequence, orderid, correlationid, causationid, actor, attempt, traceparent,
    time, data
  FROM json_to_recordset($1) AS e(id uuid, type text, source text, subject text, sequence integer, orderid uuid,
    correlationid text, causationid uuid, actor text, attempt integer, traceparent text, time timestamptz,
    data jsonb)
  ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id`;

/** Records events, however often they come. Gives those that were not recorded before. */
export async function keepEvents(tx: Transaction, events: Envelope[]): Promise<Envelope[]> {
  const rows = await tx.query<{ event_id: string }>(INSERT, [JSON.stringify(events)]);
  const recorded = new Set(rows.map((row) => row.event_id));
  // `delete` tells the first of an id from its copies in the same batch.
  return events.filter((event) => recorded.delete(event.id));
}
