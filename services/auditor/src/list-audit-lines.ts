import type { AuditLine, listAuditQuery } from '@orderflow/contracts/http/audit';
import { firstIdAt } from '@orderflow/contracts/ids';
import { decodeCursor } from '@orderflow/service-kit/http-input';
import { z } from 'zod';
import type { PrismaClient } from './generated/prisma/client.ts';
import { actLine, eventLine } from './views.ts';

/** By how much the moment in an id may differ from the time beside it, which is taken a little apart. */
const SLACK_MS = 60_000;

/**
 * What people did, newest first: events with a person as actor, and the acts that no event tells of. One line more
 * than asked for, to see if there is a next page.
 */
export async function listAuditLines(
  prisma: PrismaClient,
  { limit, cursor, actor, type, orderId, from, to }: z.infer<typeof listAuditQuery>,
): Promise<AuditLine[]> {
  const time = { gte: from, lt: to };
  // Both tables are walked by id, which is a UUIDv7; without these bounds an early `to` would be walked down to.
  const ids = [
    ...(cursor === undefined ? [] : [{ lt: decodeCursor(z.uuid(), cursor) }]),
    ...(time.gte ? [{ gte: firstIdAt(time.gte.getTime() - SLACK_MS) }] : []),
    ...(time.lt ? [{ lt: firstIdAt(time.lt.getTime() + SLACK_MS) }] : []),
  ];
  const take = limit + 1;
  const [events, acts] = await Promise.all([
    prisma.event.findMany({
      where: { byPerson: true, actor, type, orderId, time, AND: ids.map((eventId) => ({ eventId })) },
      orderBy: { eventId: 'desc' },
      take,
    }),
    orderId
      ? []
      : prisma.act.findMany({
          where: { actor, type, time, AND: ids.map((id) => ({ id })) },
          orderBy: { id: 'desc' },
          take,
        }),
  ]);
  return [...events.map(eventLine), ...acts.map(actLine)]
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, take);
}
