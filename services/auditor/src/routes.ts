import { liveEventsQuery } from '@orderflow/contracts/http/orders';
import { requireActor } from '@orderflow/service-kit/auth';
import { idParam, queryOf } from '@orderflow/service-kit/http-input';
import { parseInput } from '@orderflow/service-kit/problem';
import type { Express, Request, Response } from 'express';
import type { Deps } from './app.ts';
import { toTimeline } from './views.ts';
import { accountOf, visibleOrder } from './visible-order.ts';

/** Far more than an order has; a producer gone wild must not fill the memory. */
const MAX_TIMELINE = 500;

/** What happened to an order, so far and live. */
export function mountRoutes(app: Express, { prisma, live, waits }: Deps) {
  const orderSeenBy = (req: Request, res: Response, actor = actorIn(req)) =>
    visibleOrder({ prisma, waits, actor, orderId: idParam(req), left: leaving(res) });

  app.get('/api/orders/:id/timeline', async (req, res) => {
    const { orderId } = await orderSeenBy(req, res);
    const rows = await prisma.event.findMany({
      where: { orderId },
      orderBy: { position: 'asc' },
      take: MAX_TIMELINE,
    });
    res.json(toTimeline(orderId, rows));
  });

  app.get('/api/orders/:id/events', async (req, res) => {
    const actor = actorIn(req);
    const { orderId, recorded } = await orderSeenBy(req, res, actor);
    const last = lastEventId(req);
    // A number that was never given here is of a database that was lost since; all is told again.
    live.follow(res, { orderId, after: last <= recorded ? last : 0, account: accountOf(actor) });
  });
}

const actorIn = (req: Request) => requireActor(req, 'customer', 'seller', 'admin', 'service');

/** Returns a signal that fires when the client leaves. */
function leaving(res: Response): AbortSignal {
  const left = new AbortController();
  res.once('close', () => left.abort());
  return left.signal;
}

/** A browser that comes back sends the header; its address still has what it began with. */
function lastEventId(req: Request): number {
  const header = req.get('last-event-id');
  if (header === undefined) return queryOf(liveEventsQuery, req).lastEventId;
  return parseInput(liveEventsQuery, { lastEventId: header }, 'header Last-Event-ID').lastEventId;
}
