import { adjustStockBody, createProductBody, editProductBody, pageQuery } from '@orderflow/contracts/http';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import { requestContext } from '@orderflow/service-kit/request-context';
import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { adjustStock, toAdjustment } from './operations/adjust-stock.ts';
import { createProduct } from './operations/create-product.ts';
import { editProduct } from './operations/edit-product.ts';
import { toInventoryView, toMovementView, toProductView, toReservationView, withStock } from './views.ts';

const listProductsQuery = pageQuery.extend({
  sellerId: z.string().max(254).optional(),
  /** Part of the name or the SKU. */
  q: z.string().trim().max(200).optional(),
  /** `true` leaves out what was withdrawn. */
  active: z.stringbool().optional(),
});

export function mountRoutes(app: Express, { db, prisma, metrics }: Deps) {
  app.post('/api/products', async (req, res) => {
    const body = bodyOf(createProductBody, req);
    const cause = { ...requestContext(req), actor: 'seller' };
    const id = await db.transaction((tx) => createProduct(tx, body, { cause, metrics }));
    if (!id) {
      throw new ProblemError('conflict', `SKU ${body.sku} is taken; edit that product or use another SKU.`);
    }
    res
      .status(201)
      .location(`/api/products/${id}`)
      .json(toProductView(await product(id)));
  });

  app.get('/api/products', async (req, res) => {
    const { sellerId, q, active, ...page } = queryOf(listProductsQuery, req);
    const rows = await prisma.product.findMany({
      where: {
        sellerId,
        active,
        ...(q && { OR: [{ name: containing(q) }, { sku: containing(q) }] }),
        ...afterCursor(page),
      },
      include: withStock,
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toProductView));
  });

  app.get('/api/products/:id', async (req, res) => {
    res.json(toProductView(await product(idParam(req))));
  });

  app.patch('/api/products/:id', async (req, res) => {
    const id = idParam(req);
    const changes = bodyOf(editProductBody, req);
    const cause = { ...requestContext(req), actor: 'seller' };
    await db.transaction((tx) => editProduct(tx, id, { changes, cause }));
    res.json(toProductView(await product(id)));
  });

  app.get('/api/inventory', async (req, res) => {
    const page = queryOf(pageQuery, req);
    const rows = await prisma.product.findMany({
      where: afterCursor(page),
      include: withStock,
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toInventoryView));
  });

  app.get('/api/inventory/:productId', async (req, res) => {
    res.json(toInventoryView(await product(idParam(req, 'productId'))));
  });

  app.post('/api/inventory/:productId', async (req, res) => {
    const id = idParam(req, 'productId');
    const adjustment = toAdjustment(bodyOf(adjustStockBody, req));
    await db.transaction((tx) => adjustStock(tx, id, { adjustment, metrics }));
    res.json(toInventoryView(await product(id)));
  });

  app.get('/api/inventory/:productId/movements', async (req, res) => {
    const { id: productId } = await product(idParam(req, 'productId'));
    const page = queryOf(pageQuery, req);
    const rows = await prisma.movement.findMany({
      where: { productId, ...afterCursor(page) },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toMovementView));
  });

  app.get('/api/reservations/:orderId', async (req, res) => {
    const orderId = idParam(req, 'orderId');
    const row = await prisma.reservation.findUnique({ where: { orderId } });
    if (!row) throw new ProblemError('not_found', `Nothing was ever reserved for order ${orderId}.`);
    res.json(toReservationView(row));
  });

  async function product(id: string) {
    const row = await prisma.product.findUnique({ where: { id }, include: withStock });
    if (!row) throw new ProblemError('not_found', `There is no product ${id}.`);
    return row;
  }
}

/** ILIKE, with the text's own % and _ taken as they are; Prisma leaves them wildcards. */
const containing = (text: string) => ({
  contains: text.replaceAll(/[\\%_]/g, '\\$&'),
  mode: 'insensitive' as const,
});
