import { listOrdersQuery, type OrderView, sellerSettings } from '@orderflow/contracts/http/orders';
import { send } from '@orderflow/messaging/idempotency';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError, parseInput } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import { z } from 'zod';
import { isTheirs, noOrder } from './access.ts';
import type { PlaceDeps } from './app.ts';
import { etagOf } from './etag.ts';
import { customerOrder, guestForm } from './new-order.ts';
import { readOrder } from './operations/read-order.ts';
import { ordersFor } from './order-filter.ts';
import { placeRequest } from './place-request.ts';
import { asOrderRows, toView } from './views.ts';

/** The guest form has the customer's fields beside the items; an error is to speak of the form that was meant. */
const isGuestForm = ({ body }: Request) =>
  typeof body === 'object' && ('customer_email' in body || 'customer_name' in body);

const sellerId = z.string().min(1).max(254);

const created = (placed: OrderView) => ({
  status: 201,
  headers: { location: `/api/orders/${placed.id}`, etag: etagOf(placed) },
  body: placed,
});

export function mountRoutes(app: Express, deps: PlaceDeps) {
  const { db, prisma, cache, links, demo, guestPaymentMethod } = deps;

  app.post('/api/orders', async (req, res) => {
    if (isGuestForm(req) && !demo) {
      throw new ProblemError('unauthenticated', 'Guests cannot order here: log in and send the full form.');
    }
    const order = isGuestForm(req) ? guestForm(req, guestPaymentMethod) : customerOrder(req);
    send(res, await placeRequest(req, { order, reply: created }, deps));
  });

  app.get('/api/orders', async (req, res) => {
    const actor = requireActor(req, 'customer', 'seller', 'admin', 'service');
    const { limit, cursor, ...filter } = queryOf(listOrdersQuery, req);
    const page = { limit, cursor };
    const rows = await prisma.order.findMany({
      where: { ...ordersFor(actor, filter), ...afterCursor(page) },
      ...asOrderRows,
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.get('/api/orders/:id', async (req, res) => {
    const actor = links.holderOf(req) ?? requireActor(req, 'customer', 'seller', 'admin', 'service');
    const order = await cache.read(idParam(req), (id) => readOrder(db, id));
    const { id, customer, sellerId } = order;
    if (!isTheirs(actor, { id, customerId: customer.id, sellerId })) throw noOrder(id);
    if (actor.kind === 'guest') res.set('cache-control', 'no-store');
    res.set('etag', etagOf(order)).json(order);
  });

  app.get('/api/sellers/:id/settings', async (req, res) => {
    const row = await prisma.sellerSettings.findUnique({ where: { sellerId: sellerOf(req) } });
    res.json({ confirmation: row?.confirmation ?? 'automatic' });
  });

  app.put('/api/sellers/:id/settings', async (req, res) => {
    const setting = { sellerId: sellerOf(req), ...bodyOf(sellerSettings, req) };
    await prisma.sellerSettings.upsert({
      where: { sellerId: setting.sellerId },
      create: setting,
      update: setting,
    });
    res.json({ confirmation: setting.confirmation });
  });

  /** The seller of the address, who must be the one that asks. */
  function sellerOf(req: Request): string {
    const actor = requireActor(req, 'seller', 'admin', 'service');
    const id = parseInput(sellerId, req.params.id, 'id of the seller');
    if (actor.kind === 'seller' && actor.sellerId !== id) {
      throw new ProblemError('not_found', `There are no settings of a seller ${id}.`);
    }
    return id;
  }
}
