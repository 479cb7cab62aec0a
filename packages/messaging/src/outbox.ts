import {
  dataschemaOf,
  type Event,
  type EventData,
  type EventType,
  events,
} from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import type { Database, Transaction } from '@orderflow/service-kit/database';

/** Why an event comes about: what it takes over from the request or event that led to it. */
export type Cause = {
  correlationId: string;
  actor: string;
  causationId?: string;
  traceparent?: string;
  attempt?: number;
};

/** An event before it has an id and a time. */
export type Draft = {
  [T in EventType]: {
    type: T;
    /** The id of the aggregate; its row must be locked by this transaction, so that `sequence` follows commits. */
    subject: string;
    sequence: number;
    orderId?: string;
    data: EventData<T>;
    cause: Cause;
  };
}[EventType];

/** The cause of what a service does in answer to an event. */
export const causedBy = (event: Event, service: string): Cause => ({
  correlationId: event.correlationid,
  causationId: event.id,
  traceparent: event.traceparent,
  attempt: event.attempt,
  actor: `system:${service}`,
});

const INSERT = `
  INSERT INTO messaging.outbox (event_id, type, subject, envelope)
  SELECT event_id, type, subject, envelope
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::json[]) WITH ORDINALITY
    AS draft(event_id, type, subject, envelope, n)
  ORDER BY n`;

/** The signal that wakes the relay of this process. */
const SIGNAL = 'outbox';

/**
 * Writes events in the transaction of the change they tell of: both commit or neither does.
 * The relay publishes them soon after the commit, per subject in the order of their sequence.
 */
export function appendToOutbox(tx: Transaction, drafts: Draft[]): void {
  if (drafts.length === 0) return;
  const time = new Date().toISOString();
  const ids = drafts.map(newId);
  tx.send(INSERT, [
    ids,
    drafts.map((draft) => draft.type),
    drafts.map((draft) => draft.subject),
    drafts.map((draft, i) => JSON.stringify(toEnvelope(draft, ids[i]!, time))),
  ]);
  tx.wakeAfterCommit(SIGNAL);
  tx.afterCommit(() => {
    // One line for each step of an order, in whatever service: its life can be read from the logs.
    for (const { type, subject, orderId, cause } of drafts) {
      tx.log.info(
        { orderId, subject: orderId ? undefined : subject, correlationId: cause.correlationId },
        type,
      );
    }
  });
}

/** Calls `listener` after each commit of this process that wrote events. */
export const onAppended = (db: Database, listener: () => void) => db.onSignal(SIGNAL, listener);

function toEnvelope(draft: Draft, id: string, time: string): Omit<Event, 'data'> & { data: unknown } {
  const { type, subject, sequence, orderId, data, cause } = draft;
  return {
    specversion: '1.0',
    id,
    type,
    source: events[type].source,
    subject,
    time,
    dataschema: dataschemaOf(type),
    sequence,
    correlationid: cause.correlationId,
    causationid: cause.causationId,
    orderid: orderId,
    actor: cause.actor,
    attempt: cause.attempt ?? 1,
    traceparent: cause.traceparent,
    data,
  };
}
