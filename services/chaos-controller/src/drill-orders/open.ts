import type { Client } from '@orderflow/client/client';
import { sleep } from '@orderflow/client/time';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { OrdersSeen } from '../seen.ts';
import { askForOrder, PATIENCE_MS } from './ask.ts';
import { openBook } from './book.ts';
import { drillCustomer } from './drill-customer.ts';
import { type DrillOrder, isOpen, isUnanswered } from './drill-order.ts';
import { drillProduct } from './product.ts';
import { ordersSeen } from './tally.ts';
import { slidingTries } from './tries.ts';
import { watchOrders } from './watch.ts';

/** Beyond that no further ones are asked: a dead system is not to be met by a crowd when it is back. */
const MAX_IN_HAND = 200;
/** For those that were refused and are asked for once more. */
const LAST_PATIENCE_MS = 10_000;
/** A test card of every provider; in Stripe's live mode there is none, so no drill can charge anybody there. */
const PAYMENT_METHOD = 'pm_card_visa';
const AGAIN_MS = 1_000;

export type DrillOrdersOptions = {
  db: Database;
  /** Of the gateway, with the internal token. */
  client: Client;
  /** See DRILL_EMAIL_DOMAIN of config.ts. */
  emailDomain: string;
  log: Logger;
  drill: { id: string; name: string; perSecond: number; windowSeconds: number };
};

export type DrillOrders = Awaited<ReturnType<typeof openDrillOrders>>;

/**
 * The orders that a drill places itself. Whatever an earlier process began for this drill is gone on with: orders
 * without an answer are asked for again by their keys, the others watched to their end.
 */
export async function openDrillOrders({ db, client, emailDomain, log, drill }: DrillOrdersOptions) {
  const book = await openBook({ db, drillId: drill.id, log });
  const customer = drillCustomer(drill, emailDomain);
  const tries = slidingTries(drill.windowSeconds * 1_000);
  const ending = new AbortController();
  const { signal } = ending;
  const inHand = new Set<Promise<void>>();
  const askedAgain = new Set<DrillOrder>();
  const stopping = new AbortController();
  let asking: Promise<void> | undefined;

  /** Repeats until it succeeds. Throws the signal's reason. */
  async function untilDone<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let failed = false; ; failed = true) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!failed) log.warn({ error, drillId: drill.id }, `${what} failed; trying on`);
        await sleep(AGAIN_MS, signal);
      }
    }
  }

  let product: Promise<string> | undefined;
  async function bodyOf() {
    product ??= untilDone('preparing the product of drills', () =>
      drillProduct(client, { drillId: drill.id, signal }),
    );
    return { customer, items: [{ productId: await product, quantity: 1 }], paymentMethod: PAYMENT_METHOD };
  }

  async function ask(order: DrillOrder): Promise<void> {
    const onTry = (good: boolean) => {
      tries.add(good, Date.now());
      book.note(order, { tries: order.tries + 1 });
    };
    const asked = { client, body: await bodyOf(), key: order.key, patienceMs: PATIENCE_MS, signal, onTry };
    const answer = await askForOrder(asked);
    if ('id' in answer) return book.note(order, { orderId: answer.id, acceptedAt: Date.now() });
    book.note(order, { refusedAt: Date.now(), refusal: answer.refusal });
  }

  /** A try without an answer may have placed it all the same; the same key tells which order that is. */
  async function askAgain(order: DrillOrder): Promise<void> {
    const onTry = () => {};
    const asked = {
      client,
      body: await bodyOf(),
      key: order.key,
      patienceMs: LAST_PATIENCE_MS,
      signal,
      onTry,
    };
    const answer = await askForOrder(asked);
    if ('id' in answer) book.note(order, { orderId: answer.id });
    askedAgain.add(order);
  }

  const isToAskAgain = (order: DrillOrder) =>
    order.refusedAt !== null && order.orderId === null && !askedAgain.has(order);

  function take(work: Promise<void>): void {
    const done = work.catch((error) => {
      if (!signal.aborted) log.error({ error, drillId: drill.id }, 'asking for an order failed');
    });
    inHand.add(done);
    void done.finally(() => inHand.delete(done));
  }

  async function askAtRate(): Promise<void> {
    await bodyOf();
    // Who was frozen for a while does not make up for it all at once.
    const after = (due: number) => Math.max(due + 1_000 / drill.perSecond, Date.now() - 1_000);
    for (let due = Date.now(); !stopping.signal.aborted; due = after(due)) {
      await sleep(Math.max(0, due - Date.now()), stopping.signal);
      if (inHand.size >= MAX_IN_HAND) continue;
      const order = book.next(due);
      take(untilDone('writing an intent down', () => book.intend(order)).then(ask));
    }
  }

  async function settle(): Promise<void> {
    await asking;
    await Promise.all(inHand);
    for (const order of book.all().filter(isToAskAgain)) {
      while (inHand.size >= MAX_IN_HAND) await Promise.race(inHand);
      take(askAgain(order));
    }
  }

  for (const order of book.all().filter(isUnanswered)) take(ask(order));
  const watching = watchOrders({ client, book, signal });

  return {
    /** Begins to ask at the drill's rate. */
    start(): void {
      asking ??= askAtRate().catch((error) => {
        if (!stopping.signal.aborted) log.error({ error, drillId: drill.id }, 'asking for orders ended');
      });
    },
    /** Asks for no further ones. Those in hand come to an answer, and those refused are asked for once more. */
    stop(): void {
      if (stopping.signal.aborted) return;
      stopping.abort();
      void settle();
    },
    seen(): OrdersSeen {
      const all = book.all();
      const toAskAgain = stopping.signal.aborted ? all.filter(isToAskAgain).length : 0;
      const open = all.filter((order) => isUnanswered(order) || isOpen(order)).length + toAskAgain;
      // Those that could not be written down yet are in hand only.
      const seen = { ...ordersSeen(all), open: Math.max(open, inHand.size) };
      return { ...seen, tries: tries.count(Date.now()) };
    },
    all: book.all,
    /** Leaves everything as it is, to be gone on with by another process or never. */
    async close(): Promise<void> {
      stopping.abort();
      ending.abort(new Error('the drill’s orders are left alone'));
      await Promise.all([asking, watching, ...inHand]);
      await book.close();
    },
  };
}
