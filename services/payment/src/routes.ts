import {
  listPaymentsQuery,
  type PaymentView,
  paymentMethodBody,
  payOrderBody,
  resolvePaymentBody,
} from '@orderflow/contracts/http/payments';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { type Actor, actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import type { LinkHolder } from '@orderflow/service-kit/order-links';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express, Request } from 'express';
import { noSuchPayment, ownOf } from './access.ts';
import type { Deps } from './app.ts';
import { Prisma } from './generated/prisma/client.ts';
import { claimMethods } from './operations/claim-methods.ts';
import { payOrder } from './operations/pay-order.ts';
import { resolvePayment } from './operations/resolve-payment.ts';
import { tokeniseCard } from './operations/tokenise-card.ts';
import type { Card } from './provider.ts';
import { storedAs, toView } from './views.ts';

const owed = { status: { not: 'NONE' } } satisfies Prisma.PaymentWhereInput;

export function mountRoutes(app: Express, { db, prisma, provider, links }: Deps) {
  app.post('/api/orders/:id/pay', async (req, res) => {
    const actor = links.holderOf(req) ?? requireActor(req, 'customer', 'admin', 'service');
    const orderId = idParam(req);
    const body = bodyOf(payOrderBody, req);
    // Before the transaction, which must not wait for the provider; a repeated request needs no answer to this.
    const [method] = await Promise.allSettled([
      'card' in body ? tokeniseCard(provider, body.card) : body.paymentMethod,
    ]);
    if ('card' in body) req.body = recognisable(body.card);
    const name = actor.kind === 'guest' ? 'guest' : actorName(actor);
    const cause = { ...requestContext(req), actor: name };
    const reply = await answerOnce(db, req, async (tx) => {
      if (method.status === 'rejected') throw method.reason;
      return { status: 202, body: await payOrder(tx, { orderId, method: method.value, actor, cause }) };
    });
    send(res, reply);
  });

  app.get('/api/orders/:id/payment', async (req, res) => {
    const holder = links.holderOf(req);
    if (holder) res.set('cache-control', 'no-store');
    res.json(await viewOf({ orderId: idParam(req) }, holder ?? readerOf(req)));
  });

  app.get('/api/payments', async (req, res) => {
    const own = ownOf(requireActor(req, ...readers));
    const { orderId, status, ...page } = queryOf(listPaymentsQuery, req);
    const rows = await prisma.payment.findMany({
      where: {
        ...own,
        orderId,
        ...(status ? rowsOf(status) : owed),
        ...afterCursor(page),
      },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.post('/api/payments/methods', async (req, res) => {
    const actor = requireActor(req, 'customer', 'admin', 'service');
    const paymentMethod = await tokeniseCard(provider, bodyOf(paymentMethodBody, req).card);
    if (actor.kind === 'customer') {
      await claimMethods(db, [{ method: paymentMethod, customerId: actor.customerId }]);
    }
    res.status(201).json({ paymentMethod });
  });

  app.post('/api/payments/:id/resolve', async (req, res) => {
    const actor = requireActor(req, 'admin', 'service');
    const wish = {
      id: idParam(req),
      resolution: bodyOf(resolvePaymentBody, req),
      cause: { ...requestContext(req), actor: actorName(actor) },
    };
    const reply = await answerOnce(db, req, async (tx) => ({
      status: 200,
      body: await resolvePayment(tx, wish),
    }));
    send(res, reply);
  });

  app.get('/api/payments/:id', async (req, res) => {
    res.json(await viewOf({ id: idParam(req) }, readerOf(req)));
  });

  async function viewOf(which: { id: string } | { orderId: string }, reader: Actor | LinkHolder) {
    const row = await prisma.payment.findFirst({ where: { ...which, ...ownOf(reader), ...owed } });
    if (!row) throw noSuchPayment();
    return toView(row);
  }
}

function rowsOf(wanted: PaymentView['status']): Prisma.PaymentWhereInput {
  const { status, blocked } = storedAs(wanted);
  if (blocked === undefined) return { status };
  return { status, blocked: blocked ? { not: Prisma.DbNull } : { equals: Prisma.DbNull } };
}

const readers = ['customer', 'seller', 'admin', 'service'] as const;
const readerOf = (req: Request) => requireActor(req, ...readers);

/** What tells a card from others in a repeated request: its number must not be kept, nor be found out from a hash. */
const recognisable = ({ number, expMonth, expYear }: Card) => ({
  last4: number.slice(-4),
  expMonth,
  expYear,
});
