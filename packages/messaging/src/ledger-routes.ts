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

type LedgerDeps = {
  db: Database;
  redis: Redis;
  group: Group;
  /** Of the streams, as the consumer has it. */
  prefix?: string;
};

// The index on event_id serves it.
const EVENTS = `
  SELECT event_id AS id, type, subject FROM messaging.outbox
  WHERE event_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND event_id < $2
  ORDER BY event_id LIMIT $3`;

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
    const { after, until, limit } = bodyOf(eventsQuery, req);
    const rows = await db.query<EventEntry>(EVENTS, [after, firstIdAt(Date.parse(until)), limit + 1]);
    res.json(toLedgerPage(rows, limit, ({ id }) => id));
  });
}
