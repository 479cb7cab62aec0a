import type { Database } from '@orderflow/service-kit/database';
import { type Bench, type Judgement, judge, type Reading } from './judge.ts';
import { readMails } from './read-mails.ts';
import { type Reader, readNamed } from './read-orders.ts';
import { lookAgainFor, readAgain, readBacklogs, readProducts, readStrays } from './read-others.ts';
import type { Kind, Things } from './things.ts';

type Options = {
  db: Database;
  reader: Reader;
  bench: Bench;
  settledBy: number;
  /** What becomes of each judgement. */
  take: (judgement: Judgement) => void | Promise<void>;
};

/** Judges what was read, each kind with its own way of reading it again. */
export function createLooks({ db, reader, bench, settledBy, take }: Options) {
  async function look<K extends Kind>(
    kind: K,
    reading: Reading<K>,
    again: (things: Things[K][]) => Promise<Reading<K>>,
  ): Promise<Judgement> {
    const judgement = await judge(kind, reading, { bench, settledBy, again });
    await take(judgement);
    return judgement;
  }

  return {
    orders: (reading: Reading<'order'>) =>
      look('order', reading, (things) =>
        readNamed(
          reader,
          things.map(({ orderId }) => orderId),
        ),
      ),
    products: (reading: Reading<'product'>) =>
      look('product', reading, (things) =>
        readProducts(reader, { products: things.map(({ productId }) => productId), full: true }),
      ),
    bank: (reading: Reading<'bank'>) => look('bank', reading, () => readStrays(reader)),
    mails: (reading: Reading<'mail'>) =>
      look('mail', reading, (things) => readMails(reader, { mails: things.map(({ id }) => id) })),
    services: (reading: Reading<'service'>) =>
      look('service', reading, (things) =>
        readBacklogs(
          reader,
          things.map(({ service }) => service),
        ),
      ),
    sequences: (reading: Reading<'sequence'>) => look('sequence', reading, (things) => readAgain(db, things)),
    events: (reading: Reading<'event'>) => look('event', reading, (things) => lookAgainFor(reader, things)),
  };
}

export type Looks = ReturnType<typeof createLooks>;
