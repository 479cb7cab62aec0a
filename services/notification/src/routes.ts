import { notificationView, pageQuery } from '@orderflow/contracts/http';
import { idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { shown, toPlainView, toView } from './views.ts';

const listQuery = pageQuery.extend(
  notificationView.pick({ orderId: true, channel: true, status: true }).partial().shape,
);
const plainQuery = z.object({ order_id: z.uuid().optional() });

export function mountRoutes(app: Express, { prisma }: Deps) {
  app.get('/api/notifications', async (req, res) => {
    const { orderId, channel, status, ...page } = queryOf(listQuery, req);
    const rows = await prisma.message.findMany({
      where: {
        AND: [shown, { orderId, channel, status }],
        ...afterCursor(page),
      },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.get('/api/notifications/:id', async (req, res) => {
    const id = idParam(req);
    const row = await prisma.message.findFirst({ where: { id, ...shown } });
    if (!row) throw new ProblemError('not_found', `There is no notification ${id}.`);
    res.json(toView(row));
  });

  /** An alias for scripts written against simpler systems. The gateway lets it through in demo mode only. */
  app.get('/notifications', async (req, res) => {
    const { order_id: orderId } = queryOf(plainQuery, req);
    const rows = await prisma.message.findMany({
      where: { orderId, status: 'SENT' },
      orderBy: { id: 'desc' },
      take: 200,
    });
    res.json(rows.map(toPlainView));
  });
}
