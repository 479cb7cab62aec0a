import { checkBody, listViolationsQuery } from '@orderflow/contracts/invariants';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, decodeCursor, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { listViolations } from './operations/list-violations.ts';
import { toViolationView } from './read-invariants.ts';

/** Whether every order, cent and item is accounted for: now, as of a time, and what was wrong before. */
export function mountInvariantRoutes(app: Express, { db, invariants }: Deps) {
  app.get('/api/invariants', async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await invariants.read());
  });

  app.post('/api/invariants/checks', async (req, res) => {
    requireActor(req, 'admin', 'service');
    res.json(await invariants.check(bodyOf(checkBody, req)));
  });

  app.get('/api/invariants/violations', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const { cursor, ...query } = queryOf(listViolationsQuery, req);
    const before = cursor === undefined ? undefined : decodeCursor(z.uuid(), cursor);
    res.json(toPage(await listViolations(db, { ...query, before }), query, toViolationView));
  });
}
