import { drawnAt } from '@orderflow/contracts/ids';
import type { EventEntry, ProductEntry, StockEntry } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import type { LedgerRows } from '../ledger-page.ts';
import { lastEventsOfProducts, readOrigin } from '../operations/read-recorded.ts';
import { keptOf, type Subject, sequencesOf } from '../operations/read-sequences.ts';
import { recordedProduct } from './expected/expected-product.ts';
import { liesAhead } from './finding.ts';
import type { Reading, Unread } from './judge.ts';
import type { Reader } from './read-orders.ts';
import { keyOf, type ProductBooks, type Sequence, type ServiceBacklog, type WrittenEvent } from './things.ts';

/** Events that one question names. */
const NAMED_AT_ONCE = 500;

type Page<T> = T & { next: string | null | undefined };

/** A page of products in order of id, with their copies. With `full`, every movement there ever was is summed. */
export async function readStock(
  reader: Reader,
  query: { after: string | null; limit: number; full: boolean },
): Promise<Page<Reading<'product'>>> {
  const page = await reader.visit.stock(query).catch((error: Error) => error);
  if (page instanceof Error) return { ...unreadStock(page), next: undefined };
  const ids = [...page.items.map(({ productId }) => productId), ...page.unreadable.map(({ key }) => key)];
  return { ...(await joinProducts(reader, ids, page)), next: page.next };
}

/** These products, those included that the stock does not have. */
export async function readProducts(
  reader: Reader,
  { products, full }: { products: string[]; full: boolean },
): Promise<Reading<'product'>> {
  if (products.length === 0) return { things: [], unread: [] };
  const page = await reader.visit.stock({ products, full }).catch((error: Error) => error);
  return page instanceof Error ? unreadStock(page) : joinProducts(reader, products, page);
}

const unreadStock = ({ message }: Error): Reading<'product'> => ({
  things: [],
  unread: [{ ledger: 'stock', reason: message }],
});

async function joinProducts(
  { visit, db }: Reader,
  ids: string[],
  stock: LedgerRows<StockEntry>,
): Promise<Reading<'product'>> {
  if (ids.length === 0) return { things: [], unread: [] };
  const copies = await visit.products({ products: ids }).catch((error: Error) => error);
  const unread: Unread[] = copies instanceof Error ? [{ ledger: 'products', reason: copies.message }] : [];
  const { now } = await readOrigin(db);
  const stockOf = byProduct(stock);
  const copyOf = byProduct<ProductEntry>(copies instanceof Error ? { items: [], unreadable: [] } : copies);
  const events = new Map((await lastEventsOfProducts(db, ids)).map((event) => [event.subject, event]));
  const things = ids.map((productId): ProductBooks => {
    const event = events.get(productId);
    return {
      productId,
      stock: stockOf.items.get(productId),
      products: copyOf.items.get(productId),
      'recorded events': event && recordedProduct(event, now),
      unreadable: {
        stock: stockOf.unreadable.get(productId),
        products: copyOf.unreadable.get(productId),
      },
    };
  });
  return { things, unread };
}

const byProduct = <T extends { productId: string }>({ items, unreadable }: Omit<LedgerRows<T>, 'next'>) => ({
  items: new Map(items.map((entry) => [entry.productId, entry])),
  unreadable: new Map(unreadable.map((row) => [row.key, row])),
});

/** What moved at the bank for no order, where there is a bank. */
export async function readStrays({ visit, client }: Reader): Promise<Reading<'bank'>> {
  if (!client.present('bank')) return { things: [], unread: [] };
  const strays = await visit.strays().catch((error: Error) => error);
  return strays instanceof Error
    ? { things: [], unread: [{ ledger: 'strays', reason: strays.message }] }
    : { things: [{ bank: 'charges of no order', strays }], unread: [] };
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
  const now = Date.now();
  const events = eventsOn(page);
  const kept = await keptOf(
    db,
    events.map(({ id }) => id),
  );
  return {
    things: events
      .filter(({ id, digest }) => kept.get(id) !== digest)
      .map((event) => toWritten({ ...event, source }, kept)),
    unread: [],
    next: page.next,
    last: events.findLast(({ id }) => !liesAhead(drawnAt(id), now))?.id ?? query.after,
  };
}

/**
 * The same events as they are now. One that its outbox does not have any more counts as recorded: a hole in the
 * numbers of its subject shows what is missing.
 */
export async function lookAgainFor({ visit, db }: Reader, events: WrittenEvent[]): Promise<Reading<'event'>> {
  const unread: Unread[] = [];
  const written = new Map<string, EventEntry>();
  for (const [source, own] of Map.groupBy(events, (event) => event.source)) {
    for (let i = 0; i < own.length; i += NAMED_AT_ONCE) {
      const ids = own.slice(i, i + NAMED_AT_ONCE).map(({ id }) => id);
      const page = await visit.events(source, { events: ids }).catch((error: Error) => error);
      if (page instanceof Error) unread.push({ ledger: 'events', reason: page.message });
      else for (const event of eventsOn(page)) written.set(event.id, event);
    }
  }
  const ids = events.map(({ id }) => id);
  const kept = await keptOf(db, ids);
  return {
    things: events.map((event) => {
      const now = written.get(event.id);
      if (now) return toWritten({ ...now, source: event.source }, kept);
      return { ...event, kept: true, recordedDigest: event.digest };
    }),
    unread,
  };
}

/** The events of a page, in order of id. One that cannot be read differs from any that is recorded. */
const eventsOn = ({ items, unreadable }: LedgerRows<EventEntry>): EventEntry[] =>
  unreadable.length === 0
    ? items
    : [
        ...items,
        ...unreadable.map(({ key: id, why }) => ({ id, type: 'unknown', subject: '', digest: why })),
      ].sort((one, other) => (one.id < other.id ? -1 : 1));

const toWritten = (event: EventEntry & { source: string }, kept: Map<string, string>): WrittenEvent => ({
  ...event,
  kept: kept.has(event.id),
  recordedDigest: kept.get(event.id) ?? null,
  writtenAt: drawnAt(event.id),
});

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
