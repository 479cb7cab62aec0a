import { card, pageQuery, paymentView, payOrderBody } from '@orderflow/contracts/http';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { pay } from './domain.ts';
import type { Prisma } from './generated/prisma/client.ts';
import { movePayments } from './operations/move-payments.ts';
import { tokeniseCard } from './operations/tokenise-card.ts';
import { toView } from './views.ts';

const listPaymentsQuery = pageQuery.extend({
  orderId: z.uuid().optional(),
  status: paymentView.shape.status.optional(),
});
const paymentMethodBody = z.strictObject({ card });

const owed = { status: { not: 'NONE' } } satisfies Prisma.PaymentWhereInput;

export function mountRoutes(app: Express, { db, prisma, provider }: Deps) {
  app.post('/api/orders/:id/pay', async (req, res) => {
    const orderId = idParam(req);
    const body = bodyOf(payOrderBody, req);
    const method = 'card' in body ? await tokeniseCard(provider, body.card) : body.paymentMethod;
    const cause = { ...requestContext(req), actor: 'customer' };
    await db.transaction((tx) =>
      movePayments(tx, [{ orderId, cause, decide: (payment) => pay(payment, method, cause) }]),
    );
    res.status(202).json(await viewOf({ orderId }));
  });

  app.get('/api/orders/:id/payment', async (req, res) => {
    res.json(await viewOf({ orderId: idParam(req) }));
  });

  app.get('/api/payments', async (req, res) => {
    const { orderId, status, ...page } = queryOf(listPaymentsQuery, req);
    const rows = await prisma.payment.findMany({
      where: {
        orderId,
        status: status ?? owed.status,
        ...afterCursor(page),
      },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toView));
  });

  app.post('/api/payments/methods', async (req, res) => {
    const paymentMethod = await tokeniseCard(provider, bodyOf(paymentMethodBody, req).card);
    res.status(201).json({ paymentMethod });
  });

  app.get('/api/payments/:id', async (req, res) => {
    res.json(await viewOf({ id: idParam(req) }));
  });

  async function viewOf(which: { id: string } | { orderId: string }) {
    const row = await prisma.payment.findFirst({ where: { ...which, ...owed } });
    if (!row) throw new ProblemError('not_found', 'There is no such payment, or nothing is owed yet.');
    return toView(row);
  }
}
