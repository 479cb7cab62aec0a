import {
  deadLetterSelection,
  internalDiscardBody,
  listDeadLettersQuery,
} from '@orderflow/contracts/http/dead-letters';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import type { Database } from '@orderflow/service-kit/database';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import type { Express, Request } from 'express';
import { deadLettersOf } from './dead-letters-views.ts';

/**
 * Serves the dead letters of a service to the auditor, which shows those of all services to people. The gateway
 * leads nobody here.
 */
export function mountDeadLetterRoutes(app: Express, { db, group }: { db: Database; group: string }): void {
  const letters = deadLettersOf({ db, group });
  const operator = (req: Request) => requireActor(req, 'admin', 'service');

  app.get('/internal/dead-letters', async (req, res) => {
    operator(req);
    res.json(await letters.list(queryOf(listDeadLettersQuery, req)));
  });

  app.get('/internal/dead-letters/:id', async (req, res) => {
    operator(req);
    res.json(await letters.get(idParam(req)));
  });

  app.post('/internal/dead-letters/redrive', async (req, res) => {
    operator(req);
    res.json(await letters.redrive(bodyOf(deadLetterSelection, req)));
  });

  app.post('/internal/dead-letters/discard', async (req, res) => {
    const actor = operator(req);
    const { by, ...what } = bodyOf(internalDiscardBody, req);
    // Only the auditor speaks for others.
    const name = actor.kind === 'service' && by ? by : actorName(actor);
    res.json(await letters.discard({ ...what, by: name }));
  });
}
