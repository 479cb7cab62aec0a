import {
  cancelOrderBody,
  guestOrderBody,
  listOrdersQuery,
  orderStatusBody,
  placeOrderBody,
  sellerSettings,
  shipOrderBody,
} from '@orderflow/contracts/http';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError, parseInput } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request, RequestHandler } from 'express';
import { z } from 'zod';
import type { RouteDeps } from './app.ts';
import { cancel, confirm, fulfill, ship } from './domain.ts';
import { customerOrder, guestOrder } from './new-order.ts';
import { type Command, moveOrder } from './operations/move-order.ts';
import { readOrder } from './operations/read-order.ts';
import { toView, withItems } from './views.ts';

/** The guest form has the customer's fields beside the items; an error is to speak of the form that was meant. */
const isGuestForm = ({ body }: Request) =>
  typeof body === 'object' && ('customer_email' in body || 'customer_name' in body);

const sellerId = z.string().min(1).max(254);

export function mountRoutes(app: Express, deps: RouteDeps) {
  const { prisma, placeOrder, guestPaymentMethod } = deps;

  app.post('/api/orders', async (req, res) => {
    const order = isGuestForm(req)
      ? guestOrder(bodyOf(guestOrderBody, req), requestContext(req), guestPaymentMethod)
      : customerOrder(bodyOf(placeOrderBody, req), requestContext(req));
    const placed = await placeOrder(order);
    res.status(201).location(`/api/orders/${placed.id}`).json(placed);
  });

  app.get('/api/orders', async (req, res) => {
    const { status, customerId, ...page } = queryOf(listOrdersQuery, req);
    const rows = await prisma.order.findMany({
      where: { status, customerId, ...afterCursor(page) },
      include: withItems,
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.get('/api/orders/:id', async (req, res) => {
    const view = await readOrder(prisma, idParam(req));
    res.set('etag', `"${view.version}"`).json(view);
  });

  app.post(
    '/api/orders/:id/confirm',
    move('seller', () => confirm),
  );

  app.post(
    '/api/orders/:id/cancel',
    move('customer', (req) => {
      const { message } = bodyOf(cancelOrderBody, req);
      return (order) => cancel(order, 'cancelled_by_customer', message);
    }),
  );

  app.post(
    '/api/orders/:id/ship',
    move('seller', (req) => {
      const { trackingNumber } = bodyOf(shipOrderBody, req);
      return (order) => ship(order, trackingNumber);
    }),
  );

  app.post(
    '/api/orders/:id/fulfill',
    move('seller', () => fulfill),
  );

  app.put(
    '/api/orders/:id/status',
    move('seller', (req) => {
      const { status, message } = bodyOf(orderStatusBody, req);
      switch (status) {
        case 'CONFIRMED':
          return confirm;
        case 'SHIPPED':
          return (order) => ship(order);
        case 'FULFILLED':
          return fulfill;
        case 'CANCELLED':
          return (order) => cancel(order, 'cancelled_by_seller', message);
        case 'PENDING':
        case 'PAID':
          return () => {
            throw new ProblemError(
              'illegal_move',
              `Nobody sets ${status} by hand; it follows from what happens.`,
            );
          };
      }
    }),
  );

  app.get('/api/sellers/:id/settings', async (req, res) => {
    const row = await prisma.sellerSettings.findUnique({ where: { sellerId: sellerOf(req) } });
    res.json({ confirmation: row?.confirmation ?? 'automatic' });
  });

  app.put('/api/sellers/:id/settings', async (req, res) => {
    const { confirmation } = bodyOf(sellerSettings, req);
    const setting = { sellerId: sellerOf(req), confirmation };
    await prisma.sellerSettings.upsert({
      where: { sellerId: setting.sellerId },
      create: setting,
      update: setting,
    });
    res.json({ confirmation });
  });

  const sellerOf = (req: Request) => parseInput(sellerId, req.params.id, 'id of the seller');

  function move(actor: string, commandOf: (req: Request) => Command): RequestHandler {
    return async (req, res) => {
      const orderId = idParam(req);
      const cause = { ...requestContext(req), actor };
      await moveOrder(deps, { orderId, command: commandOf(req), cause });
      res.json(await readOrder(prisma, orderId));
    };
  }
}
