import {
  deadLetterOverviewQuery,
  deadLetterSelection,
  discardDeadLettersBody,
} from '@orderflow/contracts/http/dead-letters';
import type { DeadLetters } from '@orderflow/messaging/dead-letters-views';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request } from 'express';
import { listAll } from './all-dead-letters.ts';
import type { Deps } from './app.ts';
import { audited } from './operations/audited.ts';

/** The dead letters of all services, for people. */
export function mountDeadLetterPages(app: Express, { db, scope, deadLetters }: Deps) {
  const operator = (req: Request) => requireActor(req, 'admin', 'service');

  app.get('/api/dead-letters', async (req, res) => {
    operator(req);
    const { service, group, ...query } = queryOf(deadLetterOverviewQuery, req);
    // Each service has one consumer group, of its own name.
    const names = Object.keys(deadLetters).filter((name) =>
      [service ?? name, group ?? name].every((n) => n === name),
    );
    const sources = Object.fromEntries(names.map((name) => [name, deadLetters[name]!]));
    res.json(await listAll(sources, { query, log: scope.log }));
  });

  app.get('/api/dead-letters/:service/:id', async (req, res) => {
    operator(req);
    res.json(await lettersOf(req).letters.get(idParam(req)));
  });

  app.post('/api/dead-letters/:service/redrive', async (req, res) => {
    const actor = actorName(operator(req));
    const { service, letters } = lettersOf(req);
    const target = bodyOf(deadLetterSelection, req);
    const { correlationId } = requestContext(req);
    const deed = { actor, type: 'dead-letters.redrive', service, correlationId, target };
    res.json(await audited(db, deed, () => letters.redrive(target)));
  });

  app.post('/api/dead-letters/:service/discard', async (req, res) => {
    const actor = actorName(operator(req));
    const { service, letters } = lettersOf(req);
    const { ids, reason } = bodyOf(discardDeadLettersBody, req);
    const { correlationId } = requestContext(req);
    const deed = { actor, type: 'dead-letters.discard', service, correlationId, reason, target: { ids } };
    res.json(await audited(db, deed, () => letters.discard({ ids, reason, by: actor })));
  });

  function lettersOf(req: Request): { service: string; letters: DeadLetters } {
    const service = String(req.params.service);
    if (Object.hasOwn(deadLetters, service)) return { service, letters: deadLetters[service]! };
    throw new ProblemError(
      'not_found',
      `No service "${service}" has dead letters. Take one of: ${Object.keys(deadLetters).join(', ')}.`,
    );
  }
}
