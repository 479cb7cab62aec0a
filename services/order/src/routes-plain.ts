import { guestOrderBody, plainOrderBody } from '@orderflow/contracts/http';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import { type RequestContext, requestContext } from '@orderflow/service-kit/request-context';
import type { Express } from 'express';
import { z } from 'zod';
import type { RouteDeps } from './app.ts';
import { guestOrder } from './new-order.ts';
import { toPlainView, toView, withItems } from './views.ts';

const uuid = z.uuid();
const reference = plainOrderBody.shape.order_id.refine((text) => !text.includes('\0'));

/** Aliases for scripts written against simpler systems. The gateway lets them through in demo mode only. */
export function mountPlainRoutes(app: Express, { prisma, placeOrder, guestPaymentMethod }: RouteDeps) {
  app.post('/orders', async (req, res) => {
    const order = guestOrder(bodyOf(guestOrderBody, req), requestContext(req), guestPaymentMethod);
    const { order_id, status, total } = toPlainView(await placeOrder(order));
    res
      .status(201)
      .json({ order_id, status, total, message: 'The order is placed; read it again to see it proceed.' });
  });

  app.get('/orders', async (_req, res) => {
    const rows = await prisma.order.findMany({ include: withItems, orderBy: { id: 'desc' }, take: 100 });
    res.json(rows.map((row) => toPlainView(toView(row))));
  });

  app.get('/orders/:id', async (req, res) => {
    const order = await find(req.params.id);
    if (!order) throw new ProblemError('not_found', `There is no order ${req.params.id}.`);
    res.json(toPlainView(order));
  });

  // The caller's own id is the idempotency key.
  app.post('/order', async (req, res) => {
    const wanted = bodyOf(plainOrderBody, req);
    const order = (await find(wanted.order_id)) ?? (await placeOne(wanted, requestContext(req)));
    const [line, ...others] = order.items;
    const same = line?.quantity === wanted.quantity && [line.sku, line.name].includes(wanted.item);
    if (!same || others.length > 0) {
      throw new ProblemError(
        'conflict',
        `Order ${wanted.order_id} was placed before with another item or quantity; choose another id.`,
      );
    }
    const { order_id, status, total } = toPlainView(order);
    res.status(202).json({ order_id, status, total });
  });

  async function placeOne(
    { order_id, item, quantity }: z.infer<typeof plainOrderBody>,
    context: RequestContext,
  ) {
    const product = await prisma.product.findFirst({
      where: { active: true, OR: [{ sku: item }, { name: item }] },
      orderBy: { id: 'asc' },
    });
    if (!product) throw new ProblemError('unknown_product', `There is no product called ${item} for sale.`);
    const body = {
      customer_name: 'Guest',
      customer_email: 'guest@orderflow.example',
      items: [{ product_id: product.id, quantity }],
    };
    return placeOrder({ ...guestOrder(body, context, guestPaymentMethod), reference: order_id });
  }

  async function find(id: string) {
    if (!reference.safeParse(id).success) return null;
    const where = uuid.safeParse(id).success ? { OR: [{ id }, { reference: id }] } : { reference: id };
    const row = await prisma.order.findFirst({ where, include: withItems });
    return row && toView(row);
  }
}
