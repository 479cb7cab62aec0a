import type { Envelope } from '@orderflow/contracts/envelope';
import { z } from 'zod';

/** What the order of events rests on. */
export type Told = {
  eventId: string;
  causationId: string | null;
  source: string;
  subject: string;
  sequence: number;
  time: Date;
};

/**
 * Events as they followed from one another. Clocks of different machines disagree, so time alone could show an
 * answer before its question: what caused an event, and what its source said of the same subject before, come first.
 * Among the rest the earlier comes first.
 */
export function inCausalOrder<T extends Told>(events: T[]): T[] {
  const waiting = events.toSorted(byTime);
  const ordered: T[] = [];
  while (waiting.length > 0) {
    const free = waiting.findIndex((event) => !waiting.some((other) => precedes(other, event)));
    // Two that claim to cause each other are both wrong; time decides.
    ordered.push(...waiting.splice(Math.max(free, 0), 1));
  }
  return ordered;
}

const byTime = (a: Told, b: Told): number =>
  a.time.getTime() - b.time.getTime() || compare(a.source, b.source) || a.sequence - b.sequence;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const precedes = (other: Told, event: Told): boolean =>
  other.eventId === event.causationId ||
  (other.source === event.source && other.subject === event.subject && other.sequence < event.sequence);

const placed = z.object({ customer: z.object({ id: z.uuid() }), sellerId: z.string() });

/** The orders that events are about: how many of them, and whose the order is when they tell. */
export function ordersIn(events: Envelope[]) {
  return [...Map.groupBy(events, orderOf)].flatMap(([orderId, about]) => {
    if (!orderId) return [];
    // Of a version that this code does not know, the order stays nobody's rather than the wrong one's.
    const owners = about
      .filter(({ type, source }) => type === 'order.placed' && source === 'order')
      .map(({ data }) => placed.safeParse(data).data);
    const owner = owners.find((known) => known !== undefined);
    return [{ orderId, customerId: owner?.customer.id, sellerId: owner?.sellerId, count: about.length }];
  });
}

/**
 * Events with their numbers among those of their order, by time. `recorded` is the last number that each order has
 * used up, these events included.
 */
export function withPositions(events: Envelope[], recorded: Map<string, number>) {
  const next = new Map(
    ordersIn(events).map(({ orderId, count }) => [orderId, recorded.get(orderId)! - count]),
  );
  return events.toSorted(earlierFirst).map((event) => {
    const orderId = orderOf(event);
    if (!orderId) return event;
    const position = next.get(orderId)! + 1;
    next.set(orderId, position);
    return { ...event, position };
  });
}

/** In lower case, as Postgres gives it. */
const orderOf = ({ orderid }: Envelope): string | undefined => orderid?.toLowerCase();

const earlierFirst = (a: Envelope, b: Envelope): number =>
  Date.parse(a.time) - Date.parse(b.time) || compare(a.id, b.id);
