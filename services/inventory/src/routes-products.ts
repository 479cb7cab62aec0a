import { createProductBody, editProductBody, listProductsQuery } from '@orderflow/contracts/http/catalogue';
import { answerOnce, send } from '@orderflow/messaging/idempotency';
import { actorName, actorOf } from '@orderflow/service-kit/auth';
import { bodyOf, idParam, queryOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express } from 'express';
import { causeOf, requireKeeper, requireOwn, sellerOf } from './access.ts';
import type { Deps } from './app.ts';
import { createProduct } from './operations/create-product.ts';
import { editProduct } from './operations/edit-product.ts';
import { findProducts } from './operations/find-products.ts';
import { readProduct } from './operations/read-product.ts';
import { toProductView } from './views.ts';

export function mountProductRoutes(app: Express, { db, prisma, metrics }: Deps) {
  app.post('/api/products', async (req, res) => {
    const actor = requireKeeper(req);
    const body = bodyOf(createProductBody, req);
    const wanted = { ...body, sellerId: sellerOf(actor, body.sellerId) };
    const cause = causeOf(req, actorName(actor));
    const reply = await answerOnce(db, req, async (tx) => {
      const product = await createProduct(tx, wanted, { cause, metrics });
      if (!product) {
        throw new ProblemError('conflict', `SKU ${body.sku} is taken; edit that product or use another SKU.`);
      }
      const headers = { location: `/api/products/${product.id}` };
      return { status: 201, headers, body: toProductView(product) };
    });
    send(res, reply);
  });

  app.get('/api/products', async (req, res) => {
    const query = queryOf(listProductsQuery, req);
    res.json(await findProducts(prisma, { query, viewer: actorOf(req) }));
  });

  // Also what was withdrawn: orders of it lead here.
  app.get('/api/products/:id', async (req, res) => {
    res.json(toProductView(await readProduct(prisma, idParam(req))));
  });

  app.patch('/api/products/:id', async (req, res) => {
    const actor = requireKeeper(req);
    const { id, sellerId } = await readProduct(prisma, idParam(req));
    requireOwn(actor, sellerId);
    const changes = bodyOf(editProductBody, req);
    await db.transaction((tx) => editProduct(tx, id, { changes, cause: causeOf(req, actorName(actor)) }));
    res.json(toProductView(await readProduct(prisma, id)));
  });
}
