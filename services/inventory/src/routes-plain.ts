import { plainStockBody } from '@orderflow/contracts/http/plain';
import { bodyOf } from '@orderflow/service-kit/http-input';
import type { Express } from 'express';
import { causeOf } from './access.ts';
import type { Deps } from './app.ts';
import { setPlainStock } from './operations/set-plain-stock.ts';
import { toPlainView, withStock } from './views.ts';

/** Aliases for scripts written against simpler systems. They ask nobody who they are, so they are for demo mode only. */
export function mountPlainRoutes(app: Express, { db, prisma, metrics }: Deps) {
  app.get('/inventory', async (_req, res) => {
    const rows = await prisma.product.findMany({
      where: { active: true },
      include: withStock,
      orderBy: { id: 'desc' },
      take: 1000,
    });
    res.json(rows.map(toPlainView));
  });

  app.post('/inventory', async (req, res) => {
    const { item, stock } = bodyOf(plainStockBody, req);
    const cause = causeOf(req, 'guest');
    await db.transaction((tx) => setPlainStock(tx, { item, stock }, { cause, metrics }));
    res.json({ item, stock, message: `The stock of ${item} is set: ${stock} can be ordered now.` });
  });
}
