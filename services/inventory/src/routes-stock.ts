import { adjustStockBody } from '@orderflow/contracts/http/catalogue';
import { pageQuery } from '@orderflow/contracts/http/page';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { type Actor, actorName, requireActor } from '@orderflow/service-kit/auth';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { afterCursor, newestFirst, toPage } from '@orderflow/service-kit/paging';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import { ownSeller, requireKeeper, requireOwn } from './access.ts';
import type { Deps } from './app.ts';
import { adjustStock, toAdjustment } from './operations/adjust-stock.ts';
import { readProduct } from './operations/read-product.ts';
import { toInventoryView, toMovementView, toReservationView, withStock } from './views.ts';

export function mountStockRoutes(app: Express, { db, prisma, metrics }: Deps) {
  app.get('/api/inventory', async (req, res) => {
    const sellerId = ownSeller(requireKeeper(req));
    const page = queryOf(pageQuery, req);
    const rows = await prisma.product.findMany({
      where: { sellerId, ...afterCursor(page) },
      include: withStock,
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toInventoryView));
  });

  app.get('/api/inventory/:productId', async (req, res) => {
    res.json(toInventoryView(await keptProduct(req, requireKeeper(req))));
  });

  app.post('/api/inventory/:productId', async (req, res) => {
    const actor = requireKeeper(req);
    const product = await keptProduct(req, actor);
    const adjustment = toAdjustment(bodyOf(adjustStockBody, req));
    const reply = await answerOnce(db, req, async (tx) => {
      const stock = await adjustStock(tx, product.id, { adjustment, actor: actorName(actor), metrics });
      return { status: 200, body: toInventoryView({ ...product, stock }) };
    });
    send(res, reply);
  });

  app.get('/api/inventory/:productId/movements', async (req, res) => {
    const { id: productId } = await keptProduct(req, requireKeeper(req));
    const page = queryOf(pageQuery, req);
    const rows = await prisma.movement.findMany({
      where: { productId, ...afterCursor(page) },
      ...newestFirst(page),
    });
    res.json(toPage(rows, page, toMovementView));
  });

  app.get('/api/reservations/:orderId', async (req, res) => {
    requireActor(req, 'admin', 'service');
    const orderId = idParam(req, 'orderId');
    const row = await prisma.reservation.findUnique({ where: { orderId } });
    if (!row) throw new ProblemError('not_found', `Nothing was ever reserved for order ${orderId}.`);
    res.json(toReservationView(row));
  });

  async function keptProduct(req: Request, actor: Actor) {
    const product = await readProduct(prisma, idParam(req, 'productId'));
    requireOwn(actor, product.sellerId);
    return product;
  }
}
