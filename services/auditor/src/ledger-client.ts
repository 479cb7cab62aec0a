import { problem } from '@orderflow/contracts/errors';
import { producers } from '@orderflow/contracts/events';
import { groups } from '@orderflow/contracts/groups';
import {
  type Backlog,
  backlogView,
  chargeEntry,
  deliveryEntry,
  type EventsQuery,
  eventEntry,
  type LedgerQuery,
  ledgerPage,
  messageEntry,
  orderEntry,
  paymentEntry,
  productEntry,
  reservationEntry,
  type StockQuery,
  stockEntry,
  straysView,
} from '@orderflow/contracts/ledgers';
import type { z } from 'zod';

/** The ledgers that speak of orders, and whose they are. */
export const orderLedgers = {
  orders: { service: 'order', page: ledgerPage(orderEntry) },
  reservations: { service: 'inventory', page: ledgerPage(reservationEntry) },
  payments: { service: 'payment', page: ledgerPage(paymentEntry) },
  charges: { service: 'bank', page: ledgerPage(chargeEntry) },
  messages: { service: 'notification', page: ledgerPage(messageEntry) },
  deliveries: { service: 'postbox', page: ledgerPage(deliveryEntry) },
} as const;
export type OrderLedger = keyof typeof orderLedgers;

const stockPage = ledgerPage(stockEntry);
const productsPage = ledgerPage(productEntry);
const eventsPage = ledgerPage(eventEntry);

export type LedgerClientOptions = {
  /** Where services are; the bank and the postbox may be missing. */
  urls: Partial<Record<string, string>>;
  internalToken: string;
  /** What this service itself has before it. */
  ownBacklog: () => Promise<object>;
  timeoutMs?: number;
};

/** The ledgers of the others, by their internal addresses. */
export function createLedgerClient({
  urls,
  internalToken,
  ownBacklog,
  timeoutMs = 3_000,
}: LedgerClientOptions) {
  const headers = { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' };

  async function ask<T extends z.ZodType>(
    { service, path }: { service: string; path: string },
    schema: T,
    query?: object,
  ): Promise<z.infer<T>> {
    const response = await fetch(new URL(`/internal/ledgers/${path}`, urls[service]), {
      method: query ? 'POST' : 'GET',
      headers,
      body: query && JSON.stringify(query),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const content: unknown = await response.json();
    if (!response.ok) {
      throw new Error(`it answered ${response.status}: ${problem.safeParse(content).data?.detail}`);
    }
    const answer = schema.safeParse(content);
    if (answer.success) return answer.data;
    throw new Error(`its answer is not what a ledger gives: ${answer.error.issues[0]?.message}`);
  }

  /** As the others would be told of it. */
  const own = async (): Promise<Backlog> => backlogView.parse(JSON.parse(JSON.stringify(await ownBacklog())));

  return {
    present: (service: string): boolean => urls[service] !== undefined,
    producers: producers.filter((service) => urls[service] !== undefined),
    /** All that exchange events, this service too. */
    exchanging: groups.filter((service) => service === 'auditor' || urls[service] !== undefined),

    /**
     * A round of reading. Throws, with a sentence, when a ledger cannot be read; the service is then not asked again
     * in this round, which else would wait for it again and again.
     */
    visit() {
      const away = new Map<string, Error>();

      async function read<T>(service: string, what: string, work: () => Promise<T>): Promise<T> {
        const known = away.get(service);
        if (known) throw known;
        try {
          return await work();
        } catch (error) {
          const why = reasonOf(error as Error);
          const failure = new Error(`The ledger ${what} of ${service} cannot be read: ${why}`, {
            cause: error,
          });
          away.set(service, failure);
          throw failure;
        }
      }

      return {
        orders<L extends OrderLedger>(
          ledger: L,
          query: LedgerQuery,
        ): Promise<z.infer<(typeof orderLedgers)[L]['page']>> {
          const { service, page } = orderLedgers[ledger];
          return read(service, ledger, () => ask({ service, path: ledger }, page, query)) as Promise<
            z.infer<(typeof orderLedgers)[L]['page']>
          >;
        },
        stock: (query: StockQuery) =>
          read('inventory', 'stock', () => ask({ service: 'inventory', path: 'stock' }, stockPage, query)),
        products: (query: { products: string[] }) =>
          read('order', 'products', () => ask({ service: 'order', path: 'products' }, productsPage, query)),
        strays: () => read('bank', 'strays', () => ask({ service: 'bank', path: 'strays' }, straysView)),
        events: (service: string, query: EventsQuery) =>
          read(service, 'events', () => ask({ service, path: 'events' }, eventsPage, query)),
        backlog: (service: string): Promise<Backlog> =>
          read(service, 'backlog', () =>
            service === 'auditor' ? own() : ask({ service, path: 'backlog' }, backlogView),
          ),
      };
    },
  };
}

export type LedgerClient = ReturnType<typeof createLedgerClient>;
export type Visit = ReturnType<LedgerClient['visit']>;

/** `fetch failed` says nothing; its cause does. */
function reasonOf({ message, name, cause }: Error): string {
  if (name === 'TimeoutError') return 'it did not answer in time';
  return cause instanceof Error && cause.message ? cause.message : message;
}
