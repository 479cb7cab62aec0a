import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type {
  Backlog,
  EventEntry,
  MailEntry,
  ProductEntry,
  StockEntry,
  Strays,
} from '@orderflow/contracts/ledgers';
import { onTestFinished } from 'vitest';
import type { OrderBooks } from '../src/invariants/things.ts';
import { type OrderLedger, orderLedgers } from '../src/ledger-client.ts';
import { noBacklog } from './books.ts';

const names = ['order', 'inventory', 'payment', 'notification', 'customer', 'bank', 'postbox'];
/** As in a page that begins at the beginning. */
const FIRST = '00000000-0000-0000-0000-000000000000';

type Query = {
  products?: string[];
  orders?: string[];
  events?: string[];
  mails?: string[];
  after?: string | null;
  until?: string | null;
  limit?: number;
};

/** All services, by the ledgers they show: what is in them is the test's, and which of them answer. */
export async function fakeServices() {
  const books = new Map<string, OrderBooks>();
  const stock: StockEntry[] = [];
  const products: ProductEntry[] = [];
  const strays: Strays = { count: 0, some: [] };
  const events: Record<string, EventEntry[]> = {};
  const mails: MailEntry[] = [];
  const backlogs: Record<string, Backlog> = {};
  const broken = new Set<string>();
  const asked: { service: string; ledger: string; query: Query | undefined }[] = [];
  let onAsked: (ledger: string, query?: Query) => void | Promise<void> = () => {};

  const page = <T>(items: T[], keyOf: (item: T) => string, { after, until, limit = 500 }: Query) => {
    const rest = items
      .filter((item) => keyOf(item) > (after ?? FIRST) && (!until || keyOf(item) <= until))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const shown = rest.slice(0, limit);
    return { items: shown, next: rest.length > limit ? keyOf(shown.at(-1)!) : null };
  };

  function answer(service: string, ledger: string, query: Query = {}) {
    if (ledger === 'backlog') return backlogs[service] ?? noBacklog();
    if (ledger === 'strays') return strays;
    if (ledger === 'products') return { items: products, next: null };
    if (ledger === 'stock' && query.products) {
      return { items: stock.filter(({ productId }) => query.products!.includes(productId)), next: null };
    }
    if (ledger === 'stock') return page(stock, ({ productId }) => productId, query);
    if (ledger === 'mails') {
      return query.mails
        ? { items: mails.filter(({ id }) => query.mails!.includes(id)), next: null }
        : page(mails, ({ id }) => id, query);
    }
    // Its `until` is a time, and the events of tests are all older.
    if (ledger === 'events') {
      const written = events[service] ?? [];
      return query.events
        ? { items: written.filter(({ id }) => query.events!.includes(id)), next: null }
        : page(written, ({ id }) => id, { ...query, until: null });
    }
    const entries = [...books.values()].flatMap((book) => book[ledger as OrderLedger] ?? []);
    const wanted = query.orders;
    return wanted
      ? { items: entries.filter(({ orderId }) => wanted.includes(orderId)), next: null }
      : page(entries, ({ orderId }) => orderId, query);
  }

  const urls: Record<string, string> = {};
  for (const service of names) {
    const server = createServer(async (req, res) => {
      const ledger = req.url!.split('/').at(-1)!;
      const body = await text(req);
      const query: Query | undefined = body === '' ? undefined : JSON.parse(body);
      await onAsked(ledger, query);
      asked.push({ service, ledger, query });
      res.setHeader('content-type', 'application/json');
      if (broken.has(service)) res.statusCode = 500;
      res.end(JSON.stringify(broken.has(service) ? {} : answer(service, ledger, query)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    urls[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  return {
    urls,
    books,
    stock,
    products,
    strays,
    events,
    mails,
    backlogs,
    /** Services that answer with an error. */
    broken,
    asked,
    /** Called before each answer. */
    whenAsked(listener: typeof onAsked) {
      onAsked = listener;
    },
    add(...added: OrderBooks[]) {
      for (const book of added) books.set(book.orderId, book);
      return added;
    },
    ledgersOf: (service: string) => [
      ...Object.entries(orderLedgers).flatMap(([name, ledger]) => (ledger.service === service ? [name] : [])),
      ...(service === 'bank' ? ['strays'] : []),
      ...(service === 'postbox' ? ['mails'] : []),
    ],
  };
}
