import type { EventData, EventType } from '@orderflow/contracts/events';

/** An event as it is recorded here. Its data is what its producer wrote, of whatever version. */
export type RecordedEvent = {
  id: string;
  type: string;
  source: string;
  subject: string;
  sequence: number;
  orderId: string | null;
  correlationId: string;
  /** When it was made and when it was recorded, in epoch milliseconds. */
  time: number;
  recordedAt: number;
  data: unknown;
};

/** A recorded event of a known type. */
export type Told<T extends EventType> = Omit<RecordedEvent, 'data'> & { type: T; data: EventData<T> };

/** The recorded events of one order, by type. */
export type Tale = {
  /** The last one of this type. */
  last: <T extends EventType>(type: T) => Told<T> | undefined;
  all: RecordedEvent[];
  /** The highest sequence of a source's events about a subject; 0 without any. */
  sequenceOf: (source: string, subject: string) => number;
};

export function toTale(all: RecordedEvent[]): Tale {
  const byType = new Map<string, RecordedEvent>();
  for (const event of all) {
    const known = byType.get(event.type);
    if (!known || event.sequence > known.sequence) byType.set(event.type, event);
  }
  return {
    last: <T extends EventType>(type: T) => byType.get(type) as Told<T> | undefined,
    all,
    sequenceOf: (source, subject) =>
      all.reduce(
        (highest, event) =>
          event.source === source && event.subject === subject && event.sequence > highest
            ? event.sequence
            : highest,
        0,
      ),
  };
}
