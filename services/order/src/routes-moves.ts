import { cancelOrderBody, orderStatusBody, shipOrderBody } from '@orderflow/contracts/http/orders';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request, RequestHandler } from 'express';
import { cancelledBy, type Visitor } from './access.ts';
import type { Deps } from './app.ts';
import { cancel, confirm, fulfill, ship } from './domain.ts';
import { etagOf, ifMatchOf } from './etag.ts';
import { type Command, moveOrder } from './operations/move-order.ts';

/** What a request wants of its order, and who may want that. */
type Wanted = { actor: Visitor; command: Command };

const bySeller = (req: Request) => requireActor(req, 'seller', 'admin', 'service');
const byAnyone = (req: Request) => requireActor(req, 'customer', 'seller', 'admin', 'service');

/** The moves that people make. */
export function mountMoves(app: Express, deps: Deps) {
  const { db, cache } = deps;

  app.post(
    '/api/orders/:id/confirm',
    move((req) => ({ actor: bySeller(req), command: confirm })),
  );

  app.post(
    '/api/orders/:id/cancel',
    move((req) => {
      const actor = deps.links.holderOf(req) ?? byAnyone(req);
      const { message } = bodyOf(cancelOrderBody, req);
      return { actor, command: (order) => cancel(order, cancelledBy(actor), message) };
    }),
  );

  app.post(
    '/api/orders/:id/ship',
    move((req) => {
      const actor = bySeller(req);
      const { trackingNumber } = bodyOf(shipOrderBody, req);
      return { actor, command: (order) => ship(order, trackingNumber) };
    }),
  );

  app.post(
    '/api/orders/:id/fulfill',
    move((req) => ({ actor: bySeller(req), command: fulfill })),
  );

  app.put(
    '/api/orders/:id/status',
    move((req) => {
      const anyone = byAnyone(req);
      const { status, message } = bodyOf(orderStatusBody, req);
      switch (status) {
        case 'CONFIRMED':
          return { actor: bySeller(req), command: confirm };
        case 'SHIPPED':
          return { actor: bySeller(req), command: (order) => ship(order) };
        case 'FULFILLED':
          return { actor: bySeller(req), command: fulfill };
        case 'CANCELLED':
          return { actor: anyone, command: (order) => cancel(order, cancelledBy(anyone), message) };
        case 'PENDING':
        case 'PAID':
          return { actor: anyone, command: () => refuse(status) };
      }
    }),
  );

  function move(wantedOf: (req: Request) => Wanted): RequestHandler {
    return async (req, res) => {
      const wanted = wantedOf(req);
      const wish = {
        ...wanted,
        orderId: idParam(req),
        ifMatch: ifMatchOf(req),
        context: requestContext(req),
      };
      const reply = await answerOnce(db, req, async (tx) => {
        const order = await moveOrder(tx, wish, deps);
        return { status: 200, headers: { etag: etagOf(order) }, body: order };
      });
      await cache.settled();
      send(res, reply);
    };
  }
}

function refuse(status: string): never {
  throw new ProblemError('illegal_move', `Nobody sets ${status} by hand; it follows from what happens.`);
}
