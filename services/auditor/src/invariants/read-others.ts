import type { Database } from '@orderflow/service-kit/database';
import { keptOf, type Subject, sequencesOf } from '../operations/read-sequences.ts';
import type { Reading, Unread } from './judge.ts';
import type { Reader } from './read-orders.ts';
import { keyOf, type Sequence, type ServiceBacklog, type WrittenEvent } from './things.ts';

type Page<T> = T & { next: string | null | undefined };

/** A page of products in order of id. With `full`, every movement there ever was is summed. */
export async function readStock(
  { visit }: Reader,
  { after, limit, full }: { after: string | null; limit: number; full: boolean },
): Promise<Page<Reading<'product'>>> {
  const page = await visit.stock({ after, limit, full }).catch((error: Error) => error);
  return page instanceof Error
    ? { things: [], unread: [{ ledger: 'stock', reason: page.message }], next: undefined }
    : { things: page.items, unread: [], next: page.next };
}

/** These products, by every movement there ever was. */
export async function readProducts(reader: Reader, ids: string[]): Promise<Reading<'product'>> {
  const pages = await Promise.all(
    ids.map((id) => readStock(reader, { after: idBefore(id), limit: 1, full: true })),
  );
  return {
    things: pages.flatMap(({ things }) => things).filter(({ productId }) => ids.includes(productId)),
    unread: pages.flatMap(({ unread }) => unread),
  };
}

/** What waits in these services. */
export async function readBacklogs(
  { visit }: Reader,
  services: readonly string[],
): Promise<Reading<'service'>> {
  const unread: Unread[] = [];
  const things: ServiceBacklog[] = [];
  await Promise.all(
    services.map(async (service) => {
      const backlog = await visit.backlog(service).catch((error: Error) => error);
      if (backlog instanceof Error) {
        unread.push({ ledger: 'backlog', reason: backlog.message });
        return;
      }
      if (backlog.pending === null) {
        unread.push({ ledger: 'pending', reason: `Redis does not tell ${service} what is pending there.` });
      }
      things.push({ service, backlog });
    }),
  );
  return { things, unread };
}

/** What a producer wrote after an event and up to a time that is not recorded here. */
export async function readMissing(
  { visit }: Reader,
  {
    db,
    source,
    ...query
  }: { db: Database; source: string; after: string | null; until: string; limit: number },
): Promise<Page<Reading<'event'>> & { last: string | null }> {
  const page = await visit.events(source, query).catch((error: Error) => error);
  if (page instanceof Error) {
    return {
      things: [],
      unread: [{ ledger: 'events', reason: page.message }],
      next: undefined,
      last: query.after,
    };
  }
  const kept = await keptOf(
    db,
    page.items.map(({ id }) => id),
  );
  return {
    things: page.items.filter(({ id }) => !kept.has(id)).map((event) => ({ ...event, source, kept: false })),
    unread: [],
    next: page.next,
    last: page.items.at(-1)?.id ?? query.after,
  };
}

/** Events as they were, and whether they are recorded by now. */
export async function lookAgainFor(db: Database, events: WrittenEvent[]): Promise<Reading<'event'>> {
  const kept = await keptOf(
    db,
    events.map(({ id }) => id),
  );
  return { things: events.map((event) => ({ ...event, kept: kept.has(event.id) })), unread: [] };
}

export const readSequences = async (
  db: Database,
  subjects: Parameters<typeof sequencesOf>[1],
): Promise<Reading<'sequence'>> => ({ things: await sequencesOf(db, subjects), unread: [] });

/** The same sequences, as they are now. */
export async function readAgain(db: Database, sequences: Sequence[]): Promise<Reading<'sequence'>> {
  const orders = sequences.flatMap(({ orderId }) => (orderId === null ? [] : [orderId]));
  const subjects: Subject[] = sequences.filter(({ orderId }) => orderId === null);
  const readings = await Promise.all([
    orders.length > 0 ? readSequences(db, { orders }) : undefined,
    subjects.length > 0 ? readSequences(db, { subjects }) : undefined,
  ]);
  const found = new Map(
    readings.flatMap((reading) => reading?.things ?? []).map((thing) => [keyOf.sequence(thing), thing]),
  );
  // Without any events there are no holes in them: that they are missing is another matter.
  const none = { events: 0, distinct: 0, last: 0 };
  return {
    things: sequences.map((thing) => found.get(keyOf.sequence(thing)) ?? { ...thing, ...none }),
    unread: [],
  };
}

/** The id just below this one: whoever asks for what comes after it is told of it first. */
function idBefore(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) - 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
