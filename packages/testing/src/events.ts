import {
  dataschemaOf,
  type Event,
  type EventData,
  type EventType,
  events,
} from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';

/** An event as its producer would have written it, about the order of its data when it has one. */
export function anEvent<T extends EventType>(
  type: T,
  data: EventData<T>,
  changes: Partial<Event> = {},
): Event<T> {
  const orderId = 'orderId' in data ? data.orderId : undefined;
  return {
    specversion: '1.0',
    id: newId(),
    type,
    source: events[type].source,
    subject: orderId ?? newId(),
    time: new Date().toISOString(),
    dataschema: dataschemaOf(type),
    sequence: 1,
    correlationid: newId(),
    orderid: orderId,
    actor: 'test',
    attempt: 1,
    data,
    ...changes,
  } as Event<T>;
}
