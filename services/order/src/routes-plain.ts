import type { OrderView } from '@orderflow/contracts/http/orders';
import { plainOrderBody } from '@orderflow/contracts/http/plain';
import { send } from '@orderflow/messaging/idempotency';
import { bodyOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import { z } from 'zod';
import type { PlaceDeps } from './app.ts';
import { guestForm, guestOrder } from './new-order.ts';
import { waitingForNew } from './new-products.ts';
import { placeRequest } from './place-request.ts';
import { asOrderRows, toPlainView, toView } from './views.ts';

const uuid = z.uuid();
const reference = plainOrderBody.shape.order_id.refine((text) => !text.includes('\0'));

const asItIs = (placed: OrderView) => ({ status: 202, body: placed });

function plainlyCreated(placed: OrderView) {
  return { status: 201, body: toPlainAnswer(placed) };
}

function toPlainAnswer(placed: OrderView) {
  const { order_id, status, total } = toPlainView(placed);
  return {
    order_id,
    status,
    total,
    message: `The order is placed; read /orders/${order_id} to see it proceed.`,
  };
}

/** Aliases for scripts written against simpler systems, which ask nobody who they are. */
export function mountPlainRoutes(app: Express, deps: PlaceDeps) {
  const { prisma, guestPaymentMethod } = deps;

  app.post('/orders', async (req, res) => {
    const order = guestForm(req, guestPaymentMethod);
    send(res, await placeRequest(req, { order, reply: plainlyCreated }, deps));
  });

  app.get('/orders', async (_req, res) => {
    const rows = await prisma.order.findMany({ ...asOrderRows, orderBy: { id: 'desc' }, take: 100 });
    res.json(rows.map((row) => toPlainView(toView(row))));
  });

  app.get('/orders/:id', async (req, res) => {
    const order = await find(req.params.id);
    if (!order) throw new ProblemError('not_found', `There is no order ${req.params.id}.`);
    res.json(toPlainView(order));
  });

  // The caller's own id is an idempotency key, beside the header.
  app.post('/order', async (req, res) => {
    const wanted = bodyOf(plainOrderBody, req);
    const order = (await find(wanted.order_id)) ?? (await placeOne(req, wanted));
    const [line, ...others] = order.items;
    const same = line?.quantity === wanted.quantity && [line.sku, line.name].includes(wanted.item);
    if (!same || others.length > 0) {
      throw new ProblemError(
        'conflict',
        `Order ${wanted.order_id} was placed before with another item or quantity; choose another id.`,
      );
    }
    res.status(202).json(toPlainAnswer(order));
  });

  async function placeOne(
    req: Request,
    { order_id, item, quantity }: z.infer<typeof plainOrderBody>,
  ): Promise<OrderView> {
    const product = await waitingForNew(() => findProduct(item));
    const order = guestOrder(req, {
      name: 'Guest',
      email: 'guest@orderflow.example',
      items: [{ productId: product.id, quantity }],
      paymentMethod: guestPaymentMethod,
    });
    const wanted = { order: { ...order, reference: order_id }, reply: asItIs };
    return (await placeRequest(req, wanted, deps)).body as OrderView;
  }

  async function findProduct(item: string) {
    const product = await prisma.product.findFirst({
      where: { active: true, OR: [{ sku: item }, { name: item }] },
      orderBy: { id: 'asc' },
    });
    if (product) return product;
    throw new ProblemError('unknown_product', `There is no product called ${item} for sale.`);
  }

  async function find(id: string) {
    if (!reference.safeParse(id).success) return null;
    const where = uuid.safeParse(id).success ? { OR: [{ id }, { reference: id }] } : { reference: id };
    const row = await prisma.order.findFirst({ where, ...asOrderRows });
    return row && toView(row);
  }
}
