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
  type MailQuery,
  mailEntry,
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
import { type LedgerRows, readPage, whatIsWrong } from './ledger-page.ts';

/** The ledgers that speak of orders, and whose they are. */
export const orderLedgers = {
  orders: { service: 'order', entry: orderEntry },
  reservations: { service: 'inventory', entry: reservationEntry },
  payments: { service: 'payment', entry: paymentEntry },
  charges: { service: 'bank', entry: chargeEntry },
  messages: { service: 'notification', entry: messageEntry },
  deliveries: { service: 'postbox', entry: deliveryEntry },
} as const;
export type OrderLedger = keyof typeof orderLedgers;

type EntryOf<L extends OrderLedger> = z.infer<(typeof orderLedgers)[L]['entry']>;

type Ledger = { service: string; path: string };

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

  async function ask({ service, path }: Ledger, query?: object): Promise<unknown> {
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
    return content;
  }

  async function askView<T extends z.ZodType>(ledger: Ledger, view: T): Promise<z.infer<T>> {
    const content = await ask(ledger);
    const answer = view.safeParse(content);
    if (answer.success) return answer.data;
    throw new Error(`its answer is not what a ledger gives: ${whatIsWrong(answer.error, content)}`);
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

      /** Reads a page entry by entry: one that cannot be read is told apart, and hides no other. */
      const page = <T extends z.ZodType>(
        { service, path }: Ledger,
        { entry, key, query }: { entry: T; key: string; query: object },
      ): Promise<LedgerRows<z.infer<T>>> =>
        read(service, path, async () => readPage(await ask({ service, path }, query), entry, key));

      return {
        orders<L extends OrderLedger>(ledger: L, query: LedgerQuery): Promise<LedgerRows<EntryOf<L>>> {
          const { service, entry } = orderLedgers[ledger];
          return page({ service, path: ledger }, { entry, key: 'orderId', query }) as Promise<
            LedgerRows<EntryOf<L>>
          >;
        },
        stock: (query: StockQuery) =>
          page({ service: 'inventory', path: 'stock' }, { entry: stockEntry, key: 'productId', query }),
        products: (query: { products: string[] }) =>
          page({ service: 'order', path: 'products' }, { entry: productEntry, key: 'productId', query }),
        strays: () => read('bank', 'strays', () => askView({ service: 'bank', path: 'strays' }, straysView)),
        mails: (query: MailQuery) =>
          page({ service: 'postbox', path: 'mails' }, { entry: mailEntry, key: 'id', query }),
        events: (service: string, query: EventsQuery) =>
          page({ service, path: 'events' }, { entry: eventEntry, key: 'id', query }),
        backlog: (service: string): Promise<Backlog> =>
          read(service, 'backlog', () =>
            service === 'auditor' ? own() : askView({ service, path: 'backlog' }, backlogView),
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
