import { firstIdAt } from '@orderflow/contracts/ids';
import type { CheckView } from '@orderflow/contracts/invariants';
import { withoutPaymentMethodsIn } from '@orderflow/contracts/payment-methods';
import type { Database } from '@orderflow/service-kit/database';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { LedgerClient } from '../ledger-client.ts';
import { countOrders } from '../operations/due-orders.ts';
import { looseSequences, type Subject } from '../operations/read-sequences.ts';
import { lastingSince } from '../operations/record-violations.ts';
import { describe, overall, SHOWN } from '../read-invariants.ts';
import { reasonFor } from './bench.ts';
import type { Bench, Suspicion, Unread } from './judge.ts';
import { createLooks, type Looks } from './looks.ts';
import { readMails } from './read-mails.ts';
import { type Reader, readRange, sequencesIn } from './read-orders.ts';
import { readBacklogs, readMissing, readStock, readStrays } from './read-others.ts';

const ORDERS_AT_ONCE = 500;
const EVENTS_AT_ONCE = 5_000;
const SUBJECTS_AT_ONCE = 1_000;
const MAILS_AT_ONCE = 500;

type Options = { db: Database; client: LedgerClient; bench: Bench; graceMs: number; maxOrders: number };
type Question = { since?: string; settledBy?: string };

/** The check on demand. Each reads all there is of every service, so there is one at a time: `conflict` else. */
export function createChecks(options: Options) {
  let running = false;
  return {
    async check(question: Question): Promise<CheckView> {
      if (running) {
        throw new ProblemError(
          'conflict',
          'A check is running already: ask again when it has ended, in some seconds.',
          { retryAfter: 2 },
        );
      }
      running = true;
      try {
        return await check(options, question);
      } finally {
        running = false;
      }
    },
  };
}

export type Checks = ReturnType<typeof createChecks>;

/**
 * Holds every order placed since a time, or all of them, and all that is not of one order, against the invariants now.
 * It writes nothing down. Throws `invalid_request` when there are too many orders to wait for.
 */
async function check(options: Options, question: Question): Promise<CheckView> {
  const { db, client, bench, graceMs, maxOrders } = options;
  const began = Date.now();
  const settledBy = question.settledBy ? Date.parse(question.settledBy) : began - graceMs;
  const from = question.since ? firstIdAt(Date.parse(question.since)) : null;
  if (from && (await countOrders(db, from, maxOrders + 1)) > maxOrders) throw tooMany(maxOrders);
  const unread: Unread[] = [];
  const violations: Suspicion[] = [];
  const reader: Reader = { client, visit: client.visit(), db };
  const looks = createLooks({
    ...{ db, reader, bench, settledBy },
    take: (judgement) => {
      unread.push(...judgement.unread);
      violations.push(...judgement.violations);
    },
  });
  const scope = { db, reader, looks, from };

  const orders = await checkOrders({ ...scope, maxOrders });
  await checkStock(scope);
  await looks.bank(await readStrays(reader));
  await looks.services(await readBacklogs(reader, client.exchanging));
  await checkSubjects(scope);
  for (const source of client.producers) {
    await checkOutbox(scope, { source, until: new Date(settledBy).toISOString() });
  }
  await checkMails(scope);
  const invariants = await invariantsWith({ db, bench, violations, unread, now: new Date(began) });
  const seconds = (Date.now() - began) / 1_000;
  return {
    status: overall(invariants),
    checkedAt: new Date(began).toISOString(),
    seconds,
    orders,
    invariants,
  };
}

type Scope = { db: Database; reader: Reader; looks: Looks; from: string | null };

async function checkOrders({
  reader,
  looks,
  from,
  maxOrders,
}: Scope & { maxOrders: number }): Promise<number> {
  let orders = 0;
  for (let after = from; ; ) {
    const reading = await readRange(reader, { after, until: null, limit: ORDERS_AT_ONCE });
    await looks.orders(reading);
    await looks.sequences(sequencesIn(reading));
    orders += reading.orders;
    if (orders > maxOrders) throw tooMany(maxOrders);
    if (!reading.next) return orders;
    after = reading.next;
  }
}

/** When only late orders are asked about, sums of before are gone on from. */
async function checkStock({ reader, looks, from }: Scope): Promise<void> {
  const [full, limit] = from ? [false, 500] : [true, 50];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof readStock>> = await readStock(reader, { after, limit, full });
    await looks.products(page);
    if (!page.next) return;
    after = page.next;
  }
}

async function checkSubjects({ db, looks }: Scope): Promise<void> {
  for (let after: Subject | undefined; ; ) {
    const things = await looseSequences(db, { after: after ?? null, limit: SUBJECTS_AT_ONCE });
    await looks.sequences({ things, unread: [] });
    if (things.length < SUBJECTS_AT_ONCE) return;
    after = things.at(-1);
  }
}

async function checkOutbox(
  { db, reader, looks, from }: Scope,
  { source, until }: { source: string; until: string },
): Promise<void> {
  for (let after = from; ; ) {
    const page = await readMissing(reader, { db, source, after, until, limit: EVENTS_AT_ONCE });
    await looks.events(page);
    if (!page.next) return;
    after = page.next;
  }
}

async function checkMails({ reader, looks, from }: Scope): Promise<void> {
  for (let after = from; ; ) {
    const page = await readMails(reader, { after, limit: MAILS_AT_ONCE });
    await looks.mails(page);
    if (!page.next) return;
    after = page.next;
  }
}

const tooMany = (maxOrders: number) =>
  new ProblemError(
    'invalid_request',
    `There are more than ${maxOrders} orders, too many to wait for: give "since" a later time, or read GET /api/invariants, which goes through all of them in time.`,
  );

type Found = { db: Database; bench: Bench; violations: Suspicion[]; unread: Unread[]; now: Date };

async function invariantsWith({
  db,
  bench,
  violations,
  unread,
  now,
}: Found): Promise<CheckView['invariants']> {
  const known = await lastingSince(db, violations);
  return bench.invariants.map((invariant) => {
    const reason = reasonFor(invariant, bench, unread);
    const found = violations.filter((violation) => violation.invariant === invariant.name);
    return {
      ...describe(invariant, bench),
      status: found.length > 0 ? 'broken' : reason ? 'unknown' : 'holds',
      reason,
      violations: found.slice(0, SHOWN).map(({ invariant, subject, orderId, detail, rows }) => ({
        ...withoutPaymentMethodsIn({ invariant, subject, orderId, detail, rows }),
        beganAt: (known.get(`${invariant} ${subject}`) ?? now).toISOString(),
        endedAt: null,
      })),
      violationCount: found.length,
    };
  });
}
