import { liveEventsQuery } from '@orderflow/contracts/http/orders';
import { requireActor } from '@orderflow/service-kit/auth';
import { idParam, queryOf } from '@orderflow/service-kit/http-input';
import { parseInput } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import type { Deps } from './app.ts';
import { toTimeline } from './views.ts';
import { visibleOrder } from './visible-order.ts';

/** Far more than an order has; a producer gone wild must not fill the memory. */
const MAX_TIMELINE = 500;

/** What happened to an order, so far and live. */
export function mountRoutes(app: Express, { prisma, live }: Deps) {
  const orderSeenBy = (req: Request) =>
    visibleOrder(prisma, requireActor(req, 'customer', 'seller', 'admin', 'service'), idParam(req));

  app.get('/api/orders/:id/timeline', async (req, res) => {
    const { orderId } = await orderSeenBy(req);
    const rows = await prisma.event.findMany({
      where: { orderId },
      orderBy: { position: 'asc' },
      take: MAX_TIMELINE,
    });
    res.json(toTimeline(orderId, rows));
  });

  app.get('/api/orders/:id/events', async (req, res) => {
    const { orderId, recorded } = await orderSeenBy(req);
    const last = lastEventId(req);
    // A number that was never given here is of a database that was lost since; all is told again.
    live.follow(res, { orderId, after: last <= recorded ? last : 0 });
  });
}

/** A browser that comes back sends the header; its address still has what it began with. */
function lastEventId(req: Request): number {
  const header = req.get('last-event-id');
  if (header === undefined) return queryOf(liveEventsQuery, req).lastEventId;
  return parseInput(liveEventsQuery, { lastEventId: header }, 'header Last-Event-ID').lastEventId;
}
