import type { Envelope } from '@orderflow/contracts/envelope';
import type { Event, EventType } from '@orderflow/contracts/events';
import type { Transaction } from '@orderflow/service-kit/database';

/**
 * Does the work of some events, in the order they came, inside the transaction that also marks them as done.
 * It must reach the same end for any order of events; the inbox sees to duplicates. What it throws rolls
 * everything back, and the events are tried again one by one.
 *
 * `event.attempt` is the number of this attempt.
 */
export type Handler<T extends EventType = EventType> = (events: Event<T>[], tx: Transaction) => Promise<void>;

/** A service's answer to events: one table from type to handler. A handler may serve many types. */
export type Handlers = { [T in EventType]?: Handler<T> };

/**
 * The other way to answer events, for a service that keeps all of them: types it has never heard of come too, and
 * nobody has checked their `data`. Gives how many it had not kept before.
 *
 * What it writes must be idempotent by the event's id: its table is its inbox, and it gets no other.
 * `attempt` stays as the producer wrote it.
 */
export type Keeper = { keepAll: (events: Envelope[], tx: Transaction) => Promise<number> };

/** What a consumer group does about events. */
export type Subscriber = Handlers | Keeper;

export const isKeeper = (subscriber: Subscriber): subscriber is Keeper => 'keepAll' in subscriber;

/** Whether a subscriber is to see events of this type. */
export const wants = (subscriber: Subscriber, type: string): boolean =>
  isKeeper(subscriber) || Object.hasOwn(subscriber, type);

/**
 * Events by handler, so that each handler is called once with all of its events, in their order.
 * The handlers come in the order of the table, whatever the batch: replicas then lock rows in one order.
 */
export function groupByHandler(events: Event[], handlers: Handlers): Map<Handler, Event[]> {
  const groups = new Map<Handler, Event[]>();
  for (const handler of new Set(Object.values(handlers) as Handler[])) {
    const own = events.filter((event) => handlers[event.type] === handler);
    if (own.length > 0) groups.set(handler, own);
  }
  return groups;
}
