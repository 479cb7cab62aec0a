import { createCustomerBody, editCustomerBody } from '@orderflow/contracts/http/accounts';
import { pageQuery } from '@orderflow/contracts/http/page';
import { email } from '@orderflow/contracts/text';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, decodeCursor, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { editCustomer } from './operations/edit-customer.ts';
import { listCustomers } from './operations/list-customers.ts';
import { readCustomer } from './operations/read-customer.ts';
import { registerCustomer } from './operations/register-customer.ts';
import { toView } from './views.ts';

const listQuery = pageQuery.extend({
  /** How a name or an e-mail address begins. */
  q: z.string().trim().min(1).max(200).optional(),
});

export function mountRoutes(app: Express, { db, metrics }: Deps) {
  app.post('/api/customers', async (req, res) => {
    const cause = causeOf(req, requireActor(req, 'admin', 'service'));
    const body = bodyOf(createCustomerBody, req);
    const reply = await answerOnce(db, req, async (tx) => {
      const { id, kind } = await registerCustomer(tx, { body, cause });
      tx.afterCommit(() => metrics.created.inc({ kind }));
      const headers = { location: `/api/customers/${id}` };
      return { status: 201, headers, body: toView(await readCustomer(tx.query, id)) };
    });
    send(res, reply);
  });

  app.get('/api/customers', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const { q, ...page } = queryOf(listQuery, req);
    const after = page.cursor === undefined ? undefined : decodeCursor(email, page.cursor);
    const rows = await listCustomers(db, { q, after, limit: page.limit + 1 });
    res.json(toPage(rows, page, toView, (row) => row.email));
  });

  app.get('/api/customers/:id', async (req, res) => {
    res.json(toView(await readCustomer(db.query, ownId(req))));
  });

  app.patch('/api/customers/:id', async (req, res) => {
    const id = ownId(req);
    await editCustomer(db, { id, changes: bodyOf(editCustomerBody, req) });
    res.json(toView(await readCustomer(db.query, id)));
  });
}

const causeOf = (req: Request, actor: Parameters<typeof actorName>[0]) => ({
  ...requestContext(req),
  actor: actorName(actor),
});

/** The id that is asked for, when it is one that the actor may ask for; a customer is told of no other. */
function ownId(req: Request): string {
  const actor = requireActor(req, 'customer', 'admin', 'service');
  const id = idParam(req);
  if (actor.kind === 'customer' && actor.customerId !== id)
    throw new ProblemError('not_found', `There is no customer ${id}.`);
  return id;
}
