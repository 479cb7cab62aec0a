import type { Database } from '@orderflow/service-kit/database';
import type { Cursors } from '../operations/invariant-progress.ts';
import { looseSequences, looseSubjectsSince } from '../operations/read-sequences.ts';
import type { Looks } from './looks.ts';
import { readMails } from './read-mails.ts';
import { type Reader, readRange, sequencesIn } from './read-orders.ts';
import { readMissing, readProducts, readSequences, readStock } from './read-others.ts';
import { isId } from './things.ts';

const PRODUCTS = 500;
/** Whose movements are all summed: a product may have a million. */
const PRODUCTS_IN_FULL = 50;
/** Each so many walks through the stock, one sums all movements anew. */
const FULL_EVERY = 12;
/** The newest events of an outbox in one step, and those that are read again, digests and all. */
const NEW_EVENTS = 2_000;
const OLD_EVENTS = 500;
const SUBJECTS = 500;
const MAILS = 500;
/** Longer than any transaction that records events can last. */
const LONGEST_TRANSACTION_MS = 60_000;

export type Walk = {
  db: Database;
  reader: Reader;
  looks: Looks;
  /** Moved on by each step that could be taken; one whose ledgers could not be read is taken again. */
  cursors: Cursors;
  settledBy: number;
};

/** One step on the way through every order there is. Gives whether it was the last. */
export async function walkOrders({ reader, looks, cursors }: Walk, limit: number): Promise<boolean> {
  const reading = await readRange(reader, { after: cursors.orders, until: null, limit });
  const { unread } = await looks.orders(reading);
  await looks.sequences(sequencesIn(reading));
  if (unread.length > 0 || reading.next === undefined) return false;
  cursors.orders = reading.next;
  return reading.next === null;
}

/** One step on the way through all products. */
export async function walkStock({ reader, looks, cursors }: Walk): Promise<void> {
  const full = cursors.stockLaps % FULL_EVERY === 0;
  const limit = full ? PRODUCTS_IN_FULL : PRODUCTS;
  const reading = await readStock(reader, { after: cursors.stock, limit, full });
  const { unread } = await looks.products(reading);
  if (unread.length > 0 || reading.next === undefined) return;
  cursors.stock = reading.next;
  if (reading.next === null) cursors.stockLaps += 1;
}

/** Products and customers, whose events are of no order: those with news, and one step on the way through all. */
export async function walkSubjects({ db, reader, looks, cursors, settledBy }: Walk): Promise<void> {
  // What is under way is looked at again until its time is up.
  const recent = settledBy - LONGEST_TRANSACTION_MS;
  const subjects = await looseSubjectsSince(db, new Date(cursors.newsUntil || recent));
  if (subjects.length > 0) await looks.sequences(await readSequences(db, { subjects }));
  cursors.newsUntil = recent;
  const things = await looseSequences(db, { after: cursors.subjects, limit: SUBJECTS });
  await looks.sequences({ things, unread: [] });
  // The walk through the stock does not meet what the stock does not have any more.
  if (cursors.putOff === 0) {
    const products = things
      .filter(({ source, subject }) => source === 'inventory' && isId(subject))
      .map(({ subject }) => subject);
    await looks.products(await readProducts(reader, { products, full: false }));
  }
  const last = things.length === SUBJECTS ? things.at(-1) : undefined;
  cursors.subjects = last ? { source: last.source, subject: last.subject } : null;
}

/** One step on the way through what arrived about no order. */
export async function walkMails({ reader, looks, cursors }: Walk): Promise<void> {
  const reading = await readMails(reader, { after: cursors.mails, limit: MAILS });
  await looks.mails(reading);
  if (reading.next !== undefined) cursors.mails = reading.next;
}

/** The newest events of an outbox, and one step on the way through all that it still has. */
export async function walkOutbox(
  { db, reader, looks, cursors, settledBy }: Walk,
  source: string,
): Promise<void> {
  const at = cursors.events[source] ?? { head: null, walk: null };
  const until = new Date(settledBy).toISOString();
  const head = await readMissing(reader, { db, source, after: at.head, until, limit: NEW_EVENTS });
  await looks.events(head);
  if (head.next === undefined) return;
  const walk = await readMissing(reader, { db, source, after: at.walk, until, limit: OLD_EVENTS });
  await looks.events(walk);
  if (walk.next === undefined) return;
  cursors.events[source] = { head: head.last, walk: walk.next };
}
