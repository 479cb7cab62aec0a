import { listNotificationsQuery } from '@orderflow/contracts/http/notifications';
import { plainNotificationsQuery } from '@orderflow/contracts/http/plain';
import { requireActor } from '@orderflow/service-kit/auth';
import { idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import type { Deps } from './app.ts';
import type { Prisma } from './generated/prisma/client.ts';
import { shown, toPlainView, toView } from './views.ts';

export function mountRoutes(app: Express, { prisma, demo }: Deps) {
  app.get('/api/notifications', async (req, res) => {
    const own = ownOf(req);
    const { orderId, channel, status, ...page } = queryOf(listNotificationsQuery, req);
    const rows = await prisma.message.findMany({
      where: {
        AND: [shown, own, { orderId, channel, status }],
        ...afterCursor(page),
      },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.get('/api/notifications/:id', async (req, res) => {
    const own = ownOf(req);
    const id = idParam(req);
    const row = await prisma.message.findFirst({ where: { id, ...shown, ...own } });
    if (!row) throw new ProblemError('not_found', `There is no notification ${id}.`);
    res.json(toView(row));
  });

  // An alias for scripts written against simpler systems. It asks nobody who they are.
  if (!demo) return;
  app.get('/notifications', async (req, res) => {
    const { order_id: orderId } = queryOf(plainNotificationsQuery, req);
    const rows = await prisma.message.findMany({
      where: { orderId, status: 'SENT' },
      orderBy: { id: 'desc' },
      take: 200,
    });
    res.json(rows.map(toPlainView));
  });
}

/** Which notifications the request may see. Throws for nobody and for sellers: they speak to the customer. */
function ownOf(req: Request): Prisma.MessageWhereInput {
  const actor = requireActor(req, 'customer', 'admin', 'service');
  return actor.kind === 'customer' ? { order: { customerId: actor.customerId } } : {};
}
