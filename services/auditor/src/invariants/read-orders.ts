import type { LedgerQuery } from '@orderflow/contracts/ledgers';
import type { Database } from '@orderflow/service-kit/database';
import { type LedgerClient, type OrderLedger, orderLedgers, type Visit } from '../ledger-client.ts';
import type { LedgerRows } from '../ledger-page.ts';
import { eventsOfOrders, nextRecorded, readOrigin } from '../operations/read-recorded.ts';
import { recordedOrder } from './expected/recorded-order.ts';
import type { Reading, Unread } from './judge.ts';
import type { OrderBooks } from './things.ts';

type Range = { after: string | null; until: string | null; limit: number };

/** Who reads which ledgers: in one visit, of those that there are. The recorded events are in `db`. */
export type Reader = { visit: Visit; client: LedgerClient; db: Database };

type Rows = Omit<LedgerRows<{ orderId: string }>, 'next'>;

const entriesAtOnce = 1_000;

/** What all ledgers say of these orders, at most 500. */
export const readNamed = (reader: Reader, ids: string[]): Promise<Reading<'order'>> =>
  join(reader, ids, (ledger) => reader.visit.orders(ledger, { orders: ids }));

/**
 * What all ledgers say of a range of orders. The order service's own ledger and the recorded events set it, whichever
 * has more of them, so that no page is large; what only the others know of shows up in it too. `next` is null at the
 * end; undefined when the order service gave no answer.
 */
export async function readRange(
  reader: Reader,
  { after, until, limit }: Range,
): Promise<Reading<'order'> & { next: string | null | undefined; orders: number }> {
  const { visit, db } = reader;
  const own = await visit.orders('orders', { after, until, limit }).catch((error: Error) => error);
  if (own instanceof Error) {
    return { things: [], unread: [{ ledger: 'orders', reason: own.message }], next: undefined, orders: 0 };
  }
  const recorded = await nextRecorded(db, { after, until: own.next ?? until, limit: limit + 1 });
  const next = recorded.splice(limit).length > 0 ? recorded.at(-1)! : own.next;
  const isBefore = (orderId: string) => next === null || orderId <= next;
  const items = own.items.filter(({ orderId }) => isBefore(orderId));
  const unreadable = own.unreadable.filter(({ key }) => isBefore(key));
  const reading = await join(
    reader,
    [...new Set([...items.map(({ orderId }) => orderId), ...recorded])],
    async (ledger) =>
      ledger === 'orders' ? { items, unreadable } : readAll(visit, ledger, { after, until: next ?? until }),
  );
  return { ...reading, next, orders: items.length + unreadable.length };
}

async function readAll(visit: Visit, ledger: OrderLedger, range: Omit<Range, 'limit'>): Promise<Rows> {
  const rows: Rows = { items: [], unreadable: [] };
  let { after } = range;
  for (;;) {
    const query: LedgerQuery = { ...range, after, limit: entriesAtOnce };
    const page = await visit.orders(ledger, query);
    rows.items.push(...page.items);
    rows.unreadable.push(...page.unreadable);
    if (page.next === null) return rows;
    after = page.next;
  }
}

/** The entries of all ledgers that there are, joined by their order. */
async function join(
  { client: { present }, db }: Reader,
  ids: string[],
  read: (ledger: OrderLedger) => Promise<Rows>,
): Promise<Reading<'order'>> {
  const unread: Unread[] = [];
  const books = new Map<string, OrderBooks>(ids.map((orderId) => [orderId, { orderId }]));
  const names = (Object.keys(orderLedgers) as OrderLedger[]).filter((name) =>
    present(orderLedgers[name].service),
  );
  await Promise.all(
    names.map(async (ledger) => {
      const rows = await read(ledger).catch((error: Error) => error);
      if (rows instanceof Error) {
        unread.push({ ledger, reason: rows.message });
        return;
      }
      for (const entry of rows.items) {
        const { orderId } = entry;
        books.set(orderId, { ...books.get(orderId), orderId, [ledger]: entry });
      }
      for (const row of rows.unreadable) {
        const orderId = row.key;
        const known = books.get(orderId);
        books.set(orderId, { ...known, orderId, unreadable: { ...known?.unreadable, [ledger]: row } });
      }
    }),
  );
  const things = [...books.values()];
  if (names.includes('deliveries') && unread.every(({ ledger }) => ledger !== 'deliveries')) {
    for (const thing of things) {
      if (!thing.unreadable?.deliveries) thing.deliveries ??= { orderId: thing.orderId, deliveries: [] };
    }
  }
  await addRecorded(db, things);
  return { things, unread };
}

/** Read last: what they tell of is in the ledgers by then. */
async function addRecorded(db: Database, things: OrderBooks[]): Promise<void> {
  const { now: readAt, firstOrder } = await readOrigin(db);
  const events = await eventsOfOrders(
    db,
    things.map(({ orderId }) => orderId),
  );
  const byOrder = Map.groupBy(events, ({ orderId }) => orderId);
  for (const thing of things) {
    const { orderId } = thing;
    const afterFirst = firstOrder !== null && orderId > firstOrder;
    thing['recorded events'] = recordedOrder(byOrder.get(orderId) ?? [], { readAt, afterFirst });
  }
}

/** The numbers of the recorded events of these orders. */
export const sequencesIn = ({ things }: Reading<'order'>): Reading<'sequence'> => ({
  things: things.flatMap((thing) => thing['recorded events']?.sequences ?? []),
  unread: [],
});
