import type { Envelope } from '@orderflow/contracts/envelope';
import type { Event } from '@orderflow/contracts/events';
import { newId } from '@orderflow/contracts/ids';
import type { Database, Transaction } from '@orderflow/service-kit/database';
import { crashPoint } from './crash-points.ts';
import { groupByHandler, type Handlers, isKeeper, type Subscriber } from './handlers.ts';
import { isBroken } from './safeguards.ts';

// In order of id, so that two consumers with the same events wait for one another instead of deadlocking.
const CLAIM = `
  INSERT INTO messaging.inbox (consumer_group, event_id)
  SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id`;

const GIVEN_UP =
  'SELECT event_id FROM messaging.inbox WHERE consumer_group = $1 AND event_id = ANY($2::uuid[])';

/** Handles events once, in one transaction that `finish` ends. Gives how many were new. */
export async function handleOnce(
  { db, group, handlers }: { db: Database; group: string; handlers: Subscriber },
  events: Envelope[],
  finish?: (tx: Transaction) => Promise<void>,
): Promise<number> {
  return db.transaction(async (tx) => {
    const fresh = isKeeper(handlers)
      ? await handlers.keepAll(await withoutGivenUp(tx, group, events), tx)
      : await handleFresh(tx, group, handlers, events as Event[]);
    await finish?.(tx);
    crashPoint('consumer.before-commit');
    return fresh;
  });
}

/** Their ids go into the inbox first, then their handlers run; events whose ids were there already are passed over. */
async function handleFresh(tx: Transaction, group: string, handlers: Handlers, delivered: Event[]) {
  const events = isBroken('inbox-check') ? delivered.map((event) => ({ ...event, id: newId() })) : delivered;
  const claimed = await tx.query<{ event_id: string }>(CLAIM, [group, events.map((event) => event.id)]);
  const fresh = takeOnce(events, new Set(claimed.map((row) => row.event_id)));
  for (const [handler, list] of groupByHandler(fresh, handlers)) await handler(list, tx);
  return fresh.length;
}

/** A keeper's own table is its inbox; in this one is only what was given up on. */
async function withoutGivenUp(tx: Transaction, group: string, events: Envelope[]): Promise<Envelope[]> {
  const rows = await tx.query<{ event_id: string }>(GIVEN_UP, [group, events.map(({ id }) => id)]);
  const givenUp = new Set(rows.map((row) => row.event_id));
  return events.filter(({ id }) => !givenUp.has(id));
}

/** The events with these ids, the first of each id only: a replay can put one event into a batch twice. */
const takeOnce = (events: Event[], ids: Set<string>): Event[] =>
  events.filter((event) => ids.delete(event.id));
