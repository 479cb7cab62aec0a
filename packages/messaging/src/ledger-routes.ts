import { producers } from '@orderflow/contracts/events';
import type { Group } from '@orderflow/contracts/groups';
import { firstIdAt } from '@orderflow/contracts/ids';
import { type EventEntry, eventsQuery } from '@orderflow/contracts/ledgers';
import { requireActor } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { toLedgerPage } from '@orderflow/service-kit/ledgers';
import type { Express } from 'express';
import type { Redis } from 'ioredis';
import { readBacklog } from './backlog.ts';
import { EVENT_ATTRIBUTES, EVENT_DIGEST } from './event-digest.ts';

/** Longer than clocks of replicas are apart. */
const FAR_AHEAD_MS = 60 * 60_000;

type LedgerDeps = {
  db: Database;
  redis: Redis;
  group: Group;
  /** Of the streams, as the consumer has it. */
  prefix?: string;
};

// The index on event_id serves it.
const EVENTS = (which: string, envelope: string) => `
  SELECT outbox.event_id AS id, outbox.type, outbox.subject,
    CASE WHEN (outbox.event_id, outbox.type, outbox.subject) = (e.id, e.type, e.subject) THEN ${EVENT_DIGEST}
      ELSE 'the columns differ from the envelope' END AS digest
  FROM messaging.outbox LEFT JOIN LATERAL json_to_record(${envelope}) AS e(${EVENT_ATTRIBUTES}) ON true
  WHERE ${which} ORDER BY event_id`;
const NAMED = 'event_id = ANY($1::uuid[])';
// An id that lies far ahead was never drawn: somebody has edited it, and no walk up to a time would come to it.
const WALKED = `event_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
    AND (event_id < $2 OR event_id > $3)`;

const isValid = (field: string, type: string) =>
  `coalesce(pg_input_is_valid(envelope->>'${field}', '${type}'), true)`;

// To look at each field costs several times what the digest does.
const IF_READABLE = `CASE WHEN pg_input_is_valid(envelope::text, 'jsonb') AND json_typeof(envelope) = 'object'
  THEN CASE WHEN ${[
    ...['id', 'orderid', 'causationid'].map((field) => isValid(field, 'uuid')),
    ...['sequence', 'attempt'].map((field) => isValid(field, 'integer')),
    isValid('time', 'timestamptz'),
  ].join(' AND ')} THEN envelope END END`;

/** What somebody has made of an envelope may be none: it then differs from its columns, and hides no other. */
const reading = (which: string, limit = '') => ({
  fast: `${EVENTS(which, 'envelope')} ${limit}`,
  careful: `${EVENTS(which, IF_READABLE)} ${limit}`,
});
const readNamed = reading(NAMED);
const readWalked = reading(WALKED, 'LIMIT $4');

const readEvents = (
  db: Database,
  { fast, careful }: ReturnType<typeof reading>,
  values: unknown[],
): Promise<EventEntry[]> =>
  db.query<EventEntry>(fast, values).catch((error: { code?: string }) => {
    if (!isDataException(error)) throw error;
    return db.query<EventEntry>(careful, values);
  });

/** A value that its type does not take: class 22 of the SQLSTATEs. */
const isDataException = ({ code }: { code?: string }): boolean => code?.startsWith('22') ?? false;

/**
 * Serves to the auditor what a service has before it, and what it has told when it is a producer. The gateway leads
 * nobody here.
 */
export function mountMessagingLedgers(app: Express, { db, ...where }: LedgerDeps): void {
  app.get('/internal/ledgers/backlog', async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await readBacklog(db, where));
  });

  if (!producers.some((producer) => producer === where.group)) return;
  app.post('/internal/ledgers/events', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const query = bodyOf(eventsQuery, req);
    if ('events' in query) {
      res.json({ items: await readEvents(db, readNamed, [query.events]), next: null });
      return;
    }
    const { after, until, limit } = query;
    const bounds = [firstIdAt(Date.parse(until)), firstIdAt(Date.now() + FAR_AHEAD_MS)];
    const rows = await readEvents(db, readWalked, [after, ...bounds, limit + 1]);
    res.json(toLedgerPage(rows, limit, ({ id }) => id));
  });
}
