import { type EventType, streamOf } from '@orderflow/contracts/events';
import { type Group, streamsOf } from '@orderflow/contracts/groups';
import type { Database } from '@orderflow/service-kit/database';
import { isKeeper, type Subscriber } from './handlers.ts';

type Queryable = Pick<Database, 'query'>;

/** Stands for all types of a producer: what a keeper wants. */
export const ALL_TYPES = '*';

/** A type of events that a version of a group wants. */
export type Want = { producer: string; type: string };

/** Returns what this version of the group wants. */
export const wantsOf = (group: Group, subscriber: Subscriber): Want[] =>
  isKeeper(subscriber)
    ? streamsOf(group).map((producer) => ({ producer, type: ALL_TYPES }))
    : (Object.keys(subscriber) as EventType[]).map((type) => ({ producer: streamOf(type), type }));

const columns = (wants: Want[]) => [wants.map(({ producer }) => producer), wants.map(({ type }) => type)];

// A group with an inbox and without rows was there before the table: it has seen what its stream had to show.
const REGISTER = `
  INSERT INTO messaging.catch_up (consumer_group, producer, type, done)
  SELECT $1, producer, type, known.before FROM unnest($2::text[], $3::text[]) AS want(producer, type),
    (SELECT EXISTS (SELECT FROM messaging.inbox WHERE consumer_group = $1)
       AND NOT EXISTS (SELECT FROM messaging.catch_up WHERE consumer_group = $1) AS before) AS known
  ON CONFLICT DO NOTHING RETURNING type, done`;

/**
 * Writes down what this version of a group wants. What no version before it wanted is open from the beginning of the
 * producer's outbox. Returns the types that are open since.
 */
export async function registerWants(db: Queryable, group: Group, wants: Want[]): Promise<string[]> {
  const rows = await db.query<{ type: string; done: boolean }>(REGISTER, [group, ...columns(wants)]);
  return rows.filter(({ done }) => !done).map(({ type }) => type);
}

const REOPEN = `
  UPDATE messaging.catch_up SET opened = opened + 1, done = false,
    after_position = CASE WHEN done THEN missed.after ELSE least(after_position, missed.after) END
  FROM unnest($2::text[], $3::text[], $4::bigint[]) AS missed(producer, type, after)
  WHERE consumer_group = $1 AND catch_up.producer = missed.producer AND catch_up.type = missed.type
  RETURNING missed.type`;

/**
 * Opens rows again, of those types that some version of the group wants: from after a position on something is missing.
 * Returns the types among them that some version wants.
 */
export async function reopen(
  db: Queryable,
  group: Group,
  missed: (Want & { after: number })[],
): Promise<string[]> {
  const rows = await db.query<{ type: string }>(REOPEN, [
    group,
    ...columns(missed),
    missed.map(({ after }) => after),
  ]);
  return rows.map(({ type }) => type);
}

/** Returns the types that some version of the group wants, `producer/type`. */
export async function wantedByGroup(db: Queryable, group: Group): Promise<Set<string>> {
  const rows = await db.query<Want>(
    'SELECT producer, type FROM messaging.catch_up WHERE consumer_group = $1',
    [group],
  );
  return new Set(rows.map(({ producer, type }) => `${producer}/${type}`));
}

const NOTE_CUT = `
  UPDATE messaging.catch_up SET opened = opened + 1, done = false, cut_id = $4,
    after_position = CASE WHEN done THEN $5 ELSE least(after_position, $5) END
  WHERE consumer_group = $1 AND producer = $2 AND type = ANY($3) AND cut_id IS DISTINCT FROM $4`;

/** Writes down that the relay of a producer has cut the group loose from a position of its outbox on. */
export const noteCut = (
  db: Queryable,
  group: Group,
  cut: { producer: string; types: string[]; id: string; position: number },
) => db.query(NOTE_CUT, [group, cut.producer, cut.types, cut.id, cut.position - 1]);

export type OpenRow = Want & { after: number; opened: number; cutId: string | null };

// A claim that ends later than any is made for was made while the clock was ahead.
const CLAIM = `
  UPDATE messaging.catch_up SET claimed_until = now() + interval '30 seconds'
  WHERE (consumer_group, producer, type) IN (
    SELECT consumer_group, producer, type FROM messaging.catch_up
    WHERE consumer_group = $1 AND NOT done
      AND (producer, type) IN (SELECT * FROM unnest($2::text[], $3::text[]))
      AND (claimed_until < now() OR claimed_until > now() + interval '1 minute')
    ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING producer, type, after_position AS after, opened, cut_id AS "cutId"`;

/** Claims an open row for one page, of those that this version wants; other replicas leave it alone meanwhile. */
export async function claimOpen(db: Queryable, group: Group, wants: Want[]): Promise<OpenRow | undefined> {
  const [row] = await db.query<OpenRow>(CLAIM, [group, ...columns(wants)]);
  return row;
}

const OPEN = `
  SELECT count(*) AS open FROM messaging.catch_up
  WHERE consumer_group = $1 AND NOT done AND (producer, type) IN (SELECT * FROM unnest($2::text[], $3::text[]))`;

// One that was opened again meanwhile keeps its place: the page may have been read before what is missing.
const ADVANCE = `
  UPDATE messaging.catch_up SET claimed_until = '-infinity',
    after_position = CASE WHEN opened = $4 THEN $5 ELSE after_position END,
    done = opened = $4 AND $6
  WHERE consumer_group = $1 AND producer = $2 AND type = $3`;

/** Writes down how far a row has come, after its page was handled, and gives up the claim. */
export const advance = (db: Queryable, group: Group, row: OpenRow, page: { after: number; end: boolean }) =>
  db.query(ADVANCE, [group, row.producer, row.type, row.opened, page.after, page.end]);

/** Returns how many of the types that this version of a group wants are not caught up. */
export async function openTypes(db: Queryable, group: Group, wants: Want[]): Promise<number> {
  const [row] = await db.query<{ open: number }>(OPEN, [group, ...columns(wants)]);
  return row!.open;
}
