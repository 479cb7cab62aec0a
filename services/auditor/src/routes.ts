import { pageQuery } from '@orderflow/contracts/http';
import { decodeCursor, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express } from 'express';
import { z } from 'zod';
import type { PrismaClient } from './generated/prisma/client.ts';
import { toAuditEvent, toTimeline } from './views.ts';

/** Far more than an order has; a producer gone wild must not fill the memory. */
const MAX_TIMELINE = 500;

const word = z.string().regex(/^[\w.:-]{1,100}$/, 'must be letters, digits and any of . : _ -');

const listEventsQuery = pageQuery.extend({
  type: word.optional(),
  source: word.optional(),
  orderId: z.uuid().optional(),
  correlationId: word.optional(),
});

export function mountRoutes(app: Express, { prisma }: { prisma: PrismaClient }) {
  app.get('/api/orders/:id/timeline', async (req, res) => {
    const orderId = idParam(req);
    const rows = await prisma.event.findMany({
      where: { orderId },
      orderBy: { time: 'asc' },
      take: MAX_TIMELINE,
    });
    if (rows.length === 0) {
      throw new ProblemError(
        'not_found',
        `Nothing is known of an order ${orderId}. If it was placed this second, ask again in the next.`,
      );
    }
    res.json(toTimeline(orderId, rows));
  });

  app.get('/api/audit/events', async (req, res) => {
    const { limit, cursor, ...filters } = queryOf(listEventsQuery, req);
    const rows = await prisma.event.findMany({
      where: { ...filters, ...(cursor && { eventId: { lt: decodeCursor(z.uuid(), cursor) } }) },
      orderBy: { eventId: 'desc' }, // UUIDv7: newest first
      take: limit + 1,
    });
    res.json(toPage(rows, { limit }, toAuditEvent, (row) => row.eventId));
  });
}
