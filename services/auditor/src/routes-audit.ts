import { listAuditEventsQuery, listAuditQuery } from '@orderflow/contracts/http/audit';
import { requireActor } from '@orderflow/service-kit/auth';
import { decodeCursor, queryOf } from '@orderflow/service-kit/http-input';
import { toPage } from '@orderflow/service-kit/paging';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import type { Prisma, PrismaClient } from './generated/prisma/client.ts';
import { listAuditLines } from './list-audit-lines.ts';
import { toAuditEvent } from './views.ts';

/** Who did what when, and every event there is. */
export function mountAuditRoutes(app: Express, { prisma }: Deps) {
  app.get('/api/audit', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const query = queryOf(listAuditQuery, req);
    const lines = await listAuditLines(prisma, query);
    res.json(toPage(lines, query, (line) => line));
  });

  app.get('/api/audit/events', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const { limit, cursor, ...filters } = queryOf(listAuditEventsQuery, req);
    const rows = await prisma.event.findMany({
      where: {
        ...filters,
        ...(filters.correlationId && (await sagasOf(prisma, filters.correlationId))),
        ...(cursor && { eventId: { lt: decodeCursor(z.uuid(), cursor) } }),
      },
      orderBy: { eventId: 'desc' }, // UUIDv7: newest first
      take: limit + 1,
    });
    res.json(toPage(rows, { limit }, toAuditEvent, (row) => row.eventId));
  });
}

/**
 * Narrows events of a correlation id to the orders that it is about, which have an index. There is none of all events by
 * their correlation id: it would cost each of them, and is hardly ever used.
 */
async function sagasOf(prisma: PrismaClient, correlationId: string): Promise<Prisma.EventWhereInput> {
  const beginnings = { OR: [{ causationId: null }, { orderId: null }] };
  const found = await prisma.event.findMany({
    where: { correlationId, ...beginnings },
    select: { orderId: true },
    distinct: ['orderId'],
  });
  const orderIds = found.flatMap(({ orderId }) => orderId ?? []);
  return { OR: [{ orderId: { in: orderIds } }, ...beginnings.OR] };
}
