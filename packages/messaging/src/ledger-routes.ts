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
const EVENTS = (which: string) => `
  SELECT outbox.event_id AS id, outbox.type, outbox.subject,
    CASE WHEN (outbox.event_id, outbox.type, outbox.subject) = (e.id, e.type, e.subject) THEN ${EVENT_DIGEST}
      ELSE 'the columns differ from the envelope' END AS digest
  FROM messaging.outbox, json_to_record(envelope) AS e(${EVENT_ATTRIBUTES})
  WHERE ${which} ORDER BY event_id`;
const NAMED = EVENTS('event_id = ANY($1::uuid[])');
// An id that lies far ahead was never drawn: somebody has edited it, and no walk up to a time would come to it.
const WALKED = `${EVENTS(`event_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
    AND (event_id < $2 OR event_id > $3)`)} LIMIT $4`;

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
      res.json({ items: await db.query<EventEntry>(NAMED, [query.events]), next: null });
      return;
    }
    const { after, until, limit } = query;
    const bounds = [firstIdAt(Date.parse(until)), firstIdAt(Date.now() + FAR_AHEAD_MS)];
    const rows = await db.query<EventEntry>(WALKED, [after, ...bounds, limit + 1]);
    res.json(toLedgerPage(rows, limit, ({ id }) => id));
  });
}
