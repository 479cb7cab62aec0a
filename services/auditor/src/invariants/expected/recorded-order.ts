import type { OrderEntry, PaymentEntry } from '@orderflow/contracts/ledgers';
import type { Sequence } from '../things.ts';
import type { Expected } from './compare.ts';
import { expectedMessages, type MessageFields } from './expected-messages.ts';
import { expectedOrder } from './expected-order.ts';
import { expectedPayment } from './expected-payment.ts';
import { expectedReservation, type ReservationFields } from './expected-reservation.ts';
import { type RecordedEvent, toTale } from './recorded-events.ts';

/** What the recorded events of an order say that the ledgers of the services are. */
export type RecordedOrder = {
  /** `order.placed` is recorded. */
  placed: boolean;
  /** It was placed after the first order that is recorded here. */
  afterFirst: boolean;
  /** When the latest event was recorded, and when all were read: epoch milliseconds, by the clock of this Postgres. */
  recordedAt: number;
  readAt: number;
  /** Missing where nothing can be compared: the events begin before this service's time, or cannot be read. */
  expected?: {
    orders: Expected<OrderEntry>;
    reservations?: Expected<ReservationFields>;
    payments?: Expected<PaymentEntry>;
    messages: Expected<MessageFields>;
  };
  /** Ids of the messages that were sent, by the events that say so. */
  sentMessages: string[];
  sequences: Sequence[];
};

export function recordedOrder(
  events: RecordedEvent[],
  { readAt, afterFirst }: { readAt: number; afterFirst: boolean },
): RecordedOrder {
  const placed = events.some(({ type, source }) => type === 'order.placed' && source === 'order');
  return {
    placed,
    afterFirst,
    recordedAt: events.reduce((latest, event) => Math.max(latest, event.recordedAt), 0),
    readAt,
    expected: placed ? expectedOf(events, readAt) : undefined,
    sentMessages: events.filter(({ type }) => type === 'notification.sent').map(({ subject }) => subject),
    sequences: sequencesOf(events),
  };
}

function expectedOf(events: RecordedEvent[], readAt: number): RecordedOrder['expected'] {
  const tale = toTale(events);
  const context = { placed: tale.last('order.placed')!, readAt };
  try {
    return {
      orders: expectedOrder(tale, context),
      reservations: expectedReservation(tale, context),
      payments: expectedPayment(tale, context),
      messages: expectedMessages(tale, context),
    };
  } catch (error) {
    // Data of another shape, or a time that is none.
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function sequencesOf(events: RecordedEvent[]): Sequence[] {
  const bySubject = Map.groupBy(events, ({ source, subject }) => `${source} ${subject}`);
  return [...bySubject.values()].map((about) => {
    const { source, subject, orderId } = about[0]!;
    let [last, recordedAt, madeAt] = [0, 0, 0];
    for (const event of about) {
      last = Math.max(last, event.sequence);
      recordedAt = Math.max(recordedAt, event.recordedAt);
      madeAt = Math.max(madeAt, event.time);
    }
    const distinct = new Set(about.map(({ sequence }) => sequence)).size;
    return { source, subject, orderId, events: about.length, distinct, last, recordedAt, madeAt };
  });
}
