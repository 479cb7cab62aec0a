import { createCustomerBody, editCustomerBody, pageQuery } from '@orderflow/contracts/http';
import { bodyOf, decodeCursor, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { registerCustomer } from './operations/register-customer.ts';
import { toView } from './views.ts';

const listQuery = pageQuery.extend({
  /** How a name or an e-mail address begins. */
  q: z.string().trim().min(1).max(200).optional(),
});

export function mountRoutes(app: Express, { db, prisma, metrics }: Deps) {
  app.post('/api/customers', async (req, res) => {
    const body = bodyOf(createCustomerBody, req);
    const { id, kind } = await registerCustomer(db, { body, context: requestContext(req) });
    metrics.created.inc({ kind });
    res
      .status(201)
      .location(`/api/customers/${id}`)
      .json(await viewOf(id));
  });

  app.get('/api/customers', async (req, res) => {
    const { q, ...page } = queryOf(listQuery, req);
    const rows = await prisma.customer.findMany({
      where: {
        ...(q && beginsWith(q)),
        ...(page.cursor && { email: { gt: decodeCursor(z.email(), page.cursor) } }),
      },
      orderBy: { email: 'asc' },
      take: page.limit + 1,
    });
    res.json(toPage(rows, page, toView, (row) => row.email));
  });

  app.get('/api/customers/:id', async (req, res) => {
    res.json(await viewOf(idParam(req)));
  });

  app.patch('/api/customers/:id', async (req, res) => {
    const id = idParam(req);
    const changes = bodyOf(editCustomerBody, req);
    await prisma.customer.updateMany({ where: { id }, data: { ...changes, updatedAt: new Date() } });
    res.json(await viewOf(id));
  });

  async function viewOf(id: string) {
    const row = await prisma.customer.findUnique({ where: { id } });
    if (!row) throw new ProblemError('not_found', `There is no customer ${id}.`);
    return toView(row);
  }
}

function beginsWith(q: string) {
  // Prisma passes LIKE's wildcards through; here they stand for themselves.
  const literal = q.replaceAll(/[\\%_]/g, '\\$&');
  const beginning = { startsWith: literal, mode: 'insensitive' } as const;
  return { OR: [{ name: beginning }, { email: beginning }] };
}
