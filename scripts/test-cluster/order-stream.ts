import { setTimeout as sleep } from 'node:timers/promises';
import type { Card, Customers } from './customers.ts';
import { until } from './until.ts';

/** An order as its customer saw it; `failure` when they gave up, or could not read what was accepted. */
export type StreamedOrder = { card: Card; begunAt: number; id?: string; failure?: string };

type Options = { customers: Customers; rate: number; signal: AbortSignal };

/** Customers wait for answers while a fault lasts: beyond so many no further one comes. */
const MOST_WAITING = 300;

/** Orders so many a second, one of five with a card that is declined, until it is stopped. */
export function streamOrders({ customers, rate, signal }: Options) {
  const orders: StreamedOrder[] = [];
  const waiting = new Set<Promise<void>>();
  const stopped = new AbortController();
  const over = AbortSignal.any([stopped.signal, signal]);

  async function placeOne(n: number): Promise<void> {
    const card = n % 5 === 4 ? 'pm_card_chargeDeclined' : 'pm_card_visa';
    const order: StreamedOrder = { card, begunAt: Date.now() };
    orders.push(order);
    try {
      order.id = (await customers.placeOrder(card)).id;
      await customers.readOrder(order.id);
    } catch (error) {
      order.failure = error instanceof Error ? error.message : String(error);
    }
  }

  async function run(): Promise<void> {
    for (let n = 0; !over.aborted; n++) {
      if (waiting.size < MOST_WAITING) {
        const placing = placeOne(n).finally(() => waiting.delete(placing));
        waiting.add(placing);
      }
      await sleep(1000 / rate, undefined, { signal: over }).catch(() => {});
    }
  }

  const running = run();
  return {
    /** Until so many orders that began from now on were accepted. */
    async flows(count: number, seconds: number): Promise<void> {
      const since = Date.now();
      const enough = () => {
        const accepted = orders.filter(({ begunAt, id }) => begunAt >= since && id).length;
        if (accepted < count) throw new Error(`${accepted} of ${count} were, ${waiting.size} are waiting.`);
      };
      await until('orders are accepted', enough, { seconds, everyMs: 100, signal });
    },

    /** No further customer comes; gives all orders when nobody waits any more. */
    async stop(): Promise<StreamedOrder[]> {
      stopped.abort();
      await running;
      await Promise.all(waiting);
      return orders;
    },
  };
}

export type OrderStream = ReturnType<typeof streamOrders>;
