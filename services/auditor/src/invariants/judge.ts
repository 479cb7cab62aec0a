import type { InvariantName } from '@orderflow/contracts/invariants';
import { beginOf, type Finding, never } from './finding.ts';
import { type Invariant, type LedgerName, readsOf } from './table.ts';
import { type Kind, keyOf, orderOf, type Things } from './things.ts';

/** A ledger that gave no proper answer. */
export type Unread = { ledger: LedgerName; reason: string };

/** Things of one kind as their ledgers show them now. */
export type Reading<K extends Kind> = { things: Things[K][]; unread: Unread[] };

export type Suspicion = {
  invariant: InvariantName;
  subject: string;
  orderId: string | null;
  /** Of the thing, by `keyOf`. */
  key: string;
  detail: string;
  rows: Record<string, unknown>;
  since: number | null;
};

export type Judgement = {
  kind: Kind;
  /** How many. */
  things: number;
  /** The subjects that were looked at, by invariant: of those whose ledgers were all read. */
  looked: Map<InvariantName, string[]>;
  violations: Suspicion[];
  /** What may still come right, and is to be looked at again. */
  waiting: Suspicion[];
  unread: Unread[];
};

export type Bench = {
  /** Those that are checked here. */
  invariants: Invariant[];
  present: (ledger: LedgerName) => boolean;
  /** Between two looks at what seems wrong. */
  confirmMs: number;
  /** What cannot be read now, whatever is looked at. */
  unread: () => Unread[];
};

const isOver = ({ since }: Suspicion, settledBy: number) => since === null || since <= settledBy;
const nameOf = ({ invariant, subject }: Suspicion) => `${invariant} ${subject}`;

/**
 * Holds things against the invariants of their kind. Services are read one after the other, so two of them may show
 * moments that never were together: what seems wrong is read again by `again`, and counts if it still does.
 */
export async function judge<K extends Kind>(
  kind: K,
  reading: Reading<K>,
  {
    bench,
    settledBy,
    again,
  }: { bench: Bench; settledBy: number; again: (things: Things[K][]) => Promise<Reading<K>> },
): Promise<Judgement> {
  const ofKind = bench.invariants.filter((invariant) => invariant.about === kind);
  const first = { ...reading, unread: [...reading.unread, ...bench.unread()] };
  const before = suspicionsIn(kind, first, { bench, ofKind });
  const doubtful = new Set(before.filter((one) => isOver(one, settledBy)).map(({ key }) => key));
  if (doubtful.size === 0) return conclude(kind, first, { bench, ofKind, violations: [], waiting: before });

  await new Promise((resolve) => setTimeout(resolve, bench.confirmMs));
  const second = await again(first.things.filter((thing) => doubtful.has(keyOf[kind](thing))));
  const after = suspicionsIn(kind, second, { bench, ofKind });
  const seenBefore = new Set(before.filter((one) => isOver(one, settledBy)).map(nameOf));
  const violations = after.filter((one) => isOver(one, settledBy) && seenBefore.has(nameOf(one)));
  const confirmed = new Set(violations.map(nameOf));
  return conclude(
    kind,
    { things: first.things, unread: [...first.unread, ...second.unread, ...bench.unread()] },
    {
      bench,
      ofKind,
      violations,
      waiting: [
        ...before.filter(({ key }) => !doubtful.has(key)),
        ...after.filter((one) => !confirmed.has(nameOf(one))),
      ],
    },
  );
}

type OfKind = { bench: Bench; ofKind: Invariant[] };

const readable = (unread: Unread[], { bench, ofKind }: OfKind) =>
  ofKind.filter((invariant) =>
    readsOf(invariant, bench.present).every((ledger) => unread.every((missing) => missing.ledger !== ledger)),
  );

function conclude<K extends Kind>(
  kind: K,
  { things, unread }: Reading<K>,
  { bench, ofKind, violations, waiting }: OfKind & Pick<Judgement, 'violations' | 'waiting'>,
): Judgement {
  const evaluated = readable(unread, { bench, ofKind });
  const names = new Set(evaluated.map(({ name }) => name));
  return {
    kind,
    things: things.length,
    looked: new Map(
      evaluated.map((invariant) => [
        invariant.name,
        things
          .filter((thing) => isJudged(invariant, thing, bench))
          .map((thing) => subjectOf(invariant, kind, thing)),
      ]),
    ),
    violations: violations.filter(({ invariant }) => names.has(invariant)),
    waiting: waiting.filter(({ invariant }) => names.has(invariant)),
    unread,
  };
}

function suspicionsIn<K extends Kind>(
  kind: K,
  { things, unread }: Reading<K>,
  { bench, ofKind }: OfKind,
): Suspicion[] {
  const checked = readable(unread, { bench, ofKind });
  const now = Date.now();
  return things.flatMap((thing) =>
    checked.flatMap((invariant) => suspect(invariant, kind, { thing, bench, now })),
  );
}

/** One at most: several findings about a subject are one violation, of the earliest. */
function suspect<K extends Kind>(
  invariant: Invariant,
  kind: K,
  { thing, bench, now }: { thing: Things[K]; bench: Bench; now: number },
): Suspicion[] {
  if (!isJudged(invariant, thing, bench)) return [];
  const findings = findingsOf<K>(invariant, thing);
  if (findings.length === 0) return [];
  const begins = findings.map((finding) => beginOf(finding, now));
  return [
    {
      invariant: invariant.name,
      subject: subjectOf(invariant, kind, thing),
      orderId: orderOf[kind](thing),
      key: keyOf[kind](thing),
      detail: findings.map(({ detail }) => detail).join(' '),
      rows: rowsOf(kind, thing, readsOf(invariant, bench.present)),
      since: begins.includes(null) ? null : Math.min(...(begins as number[])),
    },
  ];
}

/** What a row says that cannot be read is not known, and neither is whether an invariant holds that reads it. */
function isJudged(invariant: Invariant, thing: Things[Kind], { present }: Bench): boolean {
  const unreadable = unreadableOf(thing);
  return invariant.ofUnreadable || readsOf(invariant, present).every((ledger) => !unreadable[ledger]);
}

const unreadableOf = (thing: Things[Kind]) => ('unreadable' in thing && thing.unreadable) || {};

/** A thing that a rule cannot cope with is wrong, and keeps no other from being judged. */
function findingsOf<K extends Kind>(invariant: Invariant, thing: Things[K]): Finding[] {
  try {
    // `off` takes what the invariant is about, and that is the kind.
    return (invariant.off as (thing: Things[K]) => Finding[])(thing);
  } catch (error) {
    return never(`It cannot be judged: ${(error as Error).message}.`);
  }
}

function subjectOf<K extends Kind>(invariant: Invariant, kind: K, thing: Things[K]): string {
  return (invariant.subject as ((thing: Things[K]) => string) | undefined)?.(thing) ?? keyOf[kind](thing);
}

function rowsOf<K extends Kind>(kind: K, thing: Things[K], reads: LedgerName[]): Record<string, unknown> {
  if (kind !== 'order' && kind !== 'product') return { [reads[0]!]: thing };
  const unreadable = unreadableOf(thing);
  return Object.fromEntries(
    reads.map((ledger) => [
      ledger,
      (thing as Record<string, unknown>)[ledger] ?? unreadable[ledger]?.row ?? null,
    ]),
  );
}
