import type { LedgerQuery } from '@orderflow/contracts/ledgers';
import { type LedgerClient, type OrderLedger, orderLedgers, type Visit } from '../ledger-client.ts';
import type { Reading, Unread } from './judge.ts';
import type { OrderBooks } from './things.ts';

type Range = { after: string | null; until: string | null; limit: number };

/** Who reads which ledgers: in one visit, of those that there are. */
export type Reader = { visit: Visit; client: LedgerClient };

const entriesAtOnce = 1_000;

/** What all ledgers say of these orders, at most 500. */
export const readNamed = ({ visit, client }: Reader, ids: string[]): Promise<Reading<'order'>> =>
  join(client, ids, (ledger) => visit.orders(ledger, { orders: ids }).then(({ items }) => items));

/**
 * What all ledgers say of a range of orders, which the order service's own ledger sets; what only the others know of
 * shows up in it too. `next` is null at the end; undefined when the order service gave no answer.
 */
export async function readRange(
  { visit, client }: Reader,
  { after, until, limit }: Range,
): Promise<Reading<'order'> & { next: string | null | undefined; orders: number }> {
  const own = await visit.orders('orders', { after, until, limit }).catch((error: Error) => error);
  if (own instanceof Error) {
    return { things: [], unread: [{ ledger: 'orders', reason: own.message }], next: undefined, orders: 0 };
  }
  const last = own.next ?? until;
  const reading = await join(
    client,
    own.items.map(({ orderId }) => orderId),
    async (ledger) => (ledger === 'orders' ? own.items : readAll(visit, ledger, { after, until: last })),
  );
  return { ...reading, next: own.next, orders: own.items.length };
}

async function readAll(
  visit: Visit,
  ledger: OrderLedger,
  range: Omit<Range, 'limit'>,
): Promise<{ orderId: string }[]> {
  const items: { orderId: string }[] = [];
  let { after } = range;
  for (;;) {
    const query: LedgerQuery = { ...range, after, limit: entriesAtOnce };
    const page = await visit.orders(ledger, query);
    items.push(...page.items);
    if (page.next === null) return items;
    after = page.next;
  }
}

/** The entries of all ledgers that there are, joined by their order. */
async function join(
  { present }: LedgerClient,
  ids: string[],
  read: (ledger: OrderLedger) => Promise<{ orderId: string }[]>,
): Promise<Reading<'order'>> {
  const unread: Unread[] = [];
  const books = new Map<string, OrderBooks>(ids.map((orderId) => [orderId, { orderId }]));
  const names = (Object.keys(orderLedgers) as OrderLedger[]).filter((name) =>
    present(orderLedgers[name].service),
  );
  await Promise.all(
    names.map(async (ledger) => {
      const entries = await read(ledger).catch((error: Error) => error);
      if (entries instanceof Error) {
        unread.push({ ledger, reason: entries.message });
        return;
      }
      for (const entry of entries) {
        const { orderId } = entry;
        books.set(orderId, { ...books.get(orderId), orderId, [ledger]: entry });
      }
    }),
  );
  const things = [...books.values()];
  if (names.includes('deliveries') && unread.every(({ ledger }) => ledger !== 'deliveries')) {
    for (const thing of things) thing.deliveries ??= { orderId: thing.orderId, deliveries: [] };
  }
  return { things, unread };
}
