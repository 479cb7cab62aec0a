import { setTimeout as sleep } from 'node:timers/promises';
import { producers } from '@orderflow/contracts/events';
import type { Database } from '@orderflow/service-kit/database';
import type { Logger } from '@orderflow/service-kit/logger';
import type { LedgerClient } from '../ledger-client.ts';
import { dueOrders, lookedAt } from '../operations/due-orders.ts';
import type { Cursors } from '../operations/invariant-progress.ts';
import { type OpenViolation, openViolations, recordViolations } from '../operations/record-violations.ts';
import type { Bench, Judgement, Unread } from './judge.ts';
import { createLooks, type Looks } from './looks.ts';
import { readMails } from './read-mails.ts';
import { type Reader, readNamed, sequencesIn } from './read-orders.ts';
import { lookAgainFor, readAgain, readBacklogs, readProducts, readStrays } from './read-others.ts';
import { isId, type Kind, type Sequence, type WrittenEvent } from './things.ts';
import { walkMails, walkOrders, walkOutbox, walkStock, walkSubjects } from './walks.ts';

/** Few: all services read them at the same moment, while customers wait for the same processors. */
const DUE_AT_ONCE = 100;
/** In one round; what is left is due in the next. */
const DUE_BATCHES = 100;
/** So much news makes a round a busy one. */
const BUSY_FROM = 500;
/** So many times as long as a batch took, others have the processors before the next; a second at most. */
const REST = 2;
const OPEN_AT_ONCE = 500;
/** Busy rounds in a row that leave the long walks out: those who order have the processor first. */
const PUT_OFF_AT_MOST = 11;

export type RoundDeps = {
  db: Database;
  log: Logger;
  client: LedgerClient;
  bench: Bench;
  graceMs: number;
  sweepOrders: number;
  /** Called between steps; throws when the turn was lost or the service stops. */
  goOn: () => Promise<void>;
};

export type Round = { cursors: Cursors; orders: number; swept: boolean; unread: Unread[] };

/**
 * One round of the continuous check: orders with news, what is known to be wrong, and one step of each walk through
 * all there is. What it finds is written down as it goes.
 */
export async function runRound(deps: RoundDeps, from: Cursors): Promise<Round> {
  const { db, client, log, graceMs, bench, goOn } = deps;
  const reader: Reader = { client, visit: client.visit(), db };
  const cursors = structuredClone(from);
  const settledBy = Date.now() - graceMs;
  const unread: Unread[] = [];
  let orders = 0;

  async function take(judgement: Judgement): Promise<void> {
    await recordViolations(db, judgement, log);
    unread.push(...judgement.unread);
    if (judgement.kind === 'order') orders += judgement.things;
  }
  const looks = createLooks({ db, reader, bench, settledBy, take });
  const walk = { db, reader, looks, cursors, settledBy };

  let news = 0;
  for (let batch = 0; batch < DUE_BATCHES; batch++) {
    await goOn();
    const began = performance.now();
    const due = await lookAtNews({ db, reader, looks, graceMs });
    news += due;
    if (due < DUE_AT_ONCE) break;
    await sleep(Math.min(REST * (performance.now() - began), 1_000));
  }
  await goOn();
  await lookAtOpen({ db, reader, looks, bench });
  await goOn();
  await walkStock(walk);
  await looks.bank(await readStrays(reader));
  await looks.services(await readBacklogs(reader, client.exchanging));
  await goOn();
  await walkSubjects(walk);
  cursors.putOff = putOffBy(cursors, news >= BUSY_FROM);
  if (cursors.putOff > 0) return { cursors, orders, swept: false, unread };

  await goOn();
  const swept = await walkOrders(walk, deps.sweepOrders);
  for (const source of client.producers) {
    await goOn();
    await walkOutbox(walk, source);
  }
  await goOn();
  await walkMails(walk);
  return { cursors, orders, swept, unread };
}

/** The long walks wait while there is much news, and go on all the same in each twelfth round. */
export const putOffBy = ({ putOff }: Pick<Cursors, 'putOff'>, busy: boolean): number =>
  busy && putOff < PUT_OFF_AT_MOST ? putOff + 1 : 0;

type Step = { db: Database; reader: Reader; looks: Looks };

/** Orders that there was news of, and those whose time is up. Gives how many could be looked at. */
async function lookAtNews({ db, reader, looks, graceMs }: Step & { graceMs: number }): Promise<number> {
  const due = await dueOrders(db, DUE_AT_ONCE);
  if (due.length === 0) return 0;
  const ids = due.map(({ orderId }) => orderId);
  const reading = await readNamed(reader, ids);
  const judgements = [await looks.orders(reading), await looks.sequences(sequencesIn(reading))];
  // What could not be read stays due, and would come again at once.
  if (judgements.some((judgement) => judgement.unread.length > 0)) return 0;
  const nextLooks = nextLooksOf(judgements, graceMs);
  await lookedAt(
    db,
    due.map((order) => ({ ...order, at: nextLooks.get(order.orderId) ?? null })),
  );
  return due.length;
}

/** When what is under way has been so for its time. What is wrong is looked at in each round anyway. */
function nextLooksOf(judgements: Judgement[], graceMs: number): Map<string, number> {
  const now = Date.now();
  const next = new Map<string, number>();
  for (const { orderId, since } of judgements.flatMap(({ waiting }) => waiting)) {
    const at = Math.max((since ?? 0) + graceMs + 1, now);
    if (orderId) next.set(orderId, Math.min(at, next.get(orderId) ?? at));
  }
  return next;
}

/** What is known to be wrong, until it is right again. A subject that somebody has edited is passed over. */
async function lookAtOpen({ db, reader, looks, bench }: Step & { bench: Bench }): Promise<void> {
  const open = (kind: Kind) => {
    const names = bench.invariants.filter(({ about }) => about === kind).map(({ name }) => name);
    return openViolations(db, names, OPEN_AT_ONCE);
  };
  const idsOf = async (kind: Kind) => (await open(kind)).map(({ subject }) => subject).filter(isId);
  const ids = [...new Set(await idsOf('order'))];
  if (ids.length > 0) await looks.orders(await readNamed(reader, ids));
  await looks.products(await readProducts(reader, { products: await idsOf('product'), full: true }));
  const mails = await idsOf('mail');
  if (mails.length > 0) await looks.mails(await readMails(reader, { mails }));
  const sequences = (await open('sequence')).flatMap((one) => sequenceNamed(one) ?? []);
  if (sequences.length > 0) await looks.sequences(await readAgain(db, sequences));
  const events = (await open('event')).flatMap((one) => eventNamed(one) ?? []);
  if (events.length > 0) await looks.events(await lookAgainFor(reader, events));
}

/** The numbers that a violation is about, before they are read again. */
function sequenceNamed({ subject: name, orderId }: OpenViolation): Sequence | undefined {
  const [source, subject] = name.split(' ');
  if (!source || !subject) return undefined;
  return { source, subject, orderId, events: 0, distinct: 0, last: 0, recordedAt: 0, madeAt: 0 };
}

/** The event that a violation is about, before it is read again. */
function eventNamed({ subject: name }: OpenViolation): WrittenEvent | undefined {
  const [source = '', id = ''] = name.split(' ');
  if (!producers.some((producer) => producer === source) || !isId(id)) return undefined;
  const unread = { type: 'unknown', subject: '', digest: '', recordedDigest: null, writtenAt: 0 };
  return { source, id, kept: true, ...unread };
}
